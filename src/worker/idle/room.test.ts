/** Which models leave an engine's memory when the owner comes back: those that came into it through us. */
import { expect, test } from "vitest";
import { testModel } from "../../../test/support/fake-engine/fake-engine.ts";
import { createLog } from "../../host/log.ts";
import type { Offer } from "../catalogue-offers.ts";
import { createRoom } from "./room.ts";
import type { Yield } from "./settings.ts";

const engine = { type: "ollama", origin: "http://127.0.0.1:1" } as Offer["engine"];
const offer = (name: string, loaded: boolean): Offer => ({
  ...{ engine, ownName: name, model: { ...testModel(name), loaded } },
});

function start(how: Yield = "stop") {
  const unloaded: string[] = [];
  const room = createRoom({
    ...{ yield: how, log: createLog("silent"), onUnloaded: () => undefined },
    unload: ({ ownName }) => Promise.resolve(void unloaded.push(ownName)),
  });
  return { room, unloaded };
}

test("a model is unloaded once, and only if it was not in memory before us", () => {
  const { room, unloaded } = start();
  room.note(offer("ours", false));
  room.note(offer("ours", true));
  room.note(offer("owners", true));
  room.need(true);
  room.need(true);
  room.need(false);
  room.need(true);
  expect(unloaded).toEqual(["ours"]);
});

test("one that the engine dropped meanwhile may be the owner's by now", () => {
  const { room, unloaded } = start();
  room.note(offer("model", false));
  room.review(() => [offer("model", true)]);
  room.review(() => [offer("model", false)]);
  room.need(true);
  expect(unloaded).toEqual([]);
});

test("but not while requests run: it may be on its way into memory", () => {
  const { room, unloaded } = start();
  const leave = room.enter(() => undefined);
  room.note(offer("model", false));
  room.review(() => [offer("model", false)]);
  leave();
  room.need(true);
  expect(unloaded).toEqual(["model"]);
});

test("a request that comes through while the owner is back is ended at once; with `finish` it is not", () => {
  const ended: string[] = [];
  const [stopping, finishing] = [start("stop"), start("finish")];
  stopping.room.need(true);
  finishing.room.need(true);
  stopping.room.enter(() => ended.push("stop"));
  finishing.room.enter(() => ended.push("finish"));
  expect(ended).toEqual(["stop"]);
});

test("the model goes when the last request has ended, unless the owner has gone by then", () => {
  const { room, unloaded } = start("finish");
  const leave = [room.enter(() => undefined), room.enter(() => undefined)];
  room.note(offer("model", false));
  room.need(true);
  leave[0]!();
  leave[0]!();
  expect(unloaded).toEqual([]);
  room.need(false);
  leave[1]!();
  expect(unloaded).toEqual([]);
  room.need(true);
  expect(unloaded).toEqual(["model"]);
});

test("what its engine did not let go of is asked for again at the next return", async () => {
  const asked: string[] = [];
  const { promise: tried, resolve } = Promise.withResolvers<void>();
  const room = createRoom({
    ...{ yield: "stop", log: createLog("silent"), onUnloaded: resolve },
    unload({ ownName }) {
      asked.push(ownName);
      return ownName === "stuck" ? Promise.reject(new Error("no")) : Promise.resolve();
    },
  });
  room.note(offer("stuck", false));
  room.note(offer("gone", false));
  room.need(true);
  await tried;
  room.need(false);
  room.need(true);
  expect(asked).toEqual(["stuck", "gone", "stuck"]);
});
