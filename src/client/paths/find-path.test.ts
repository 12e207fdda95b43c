import { expect, test } from "vitest";
import { createFakeClock, type FakeClock } from "../../../test/support/fake-clock.ts";
import { type Random, systemRandom } from "../../base/random.ts";
import { createPathFinder } from "./find-path.ts";
import { createPathsTo, type Path } from "./path.ts";

const node_id = "n".repeat(43);
const around = { coordinatorUrl: "https://troop.example", networks: ["100.64.0.7/32"] };
const paths = createPathsTo(() => around)({
  node_id,
  addresses: ["100.64.0.9:8080", "9.9.9.9:8080"],
  relay: ["https://relay.example"],
});
const never = new AbortController().signal;

/** Of a pause that is drawn from a half of it to all, three quarters. */
const middle: Random = { ...systemRandom, fraction: () => 0.5 };

/** Probes answer, refuse or stay silent as the test says. */
function scripted(clock: FakeClock) {
  const asked: string[] = [];
  const state: Record<string, "open" | "shut" | "silent"> = {};
  const finder = createPathFinder({
    ...{ clock, random: middle },
    probe: ({ kind }, signal) => {
      asked.push(kind);
      if (state[kind] === "open") return Promise.resolve();
      if (state[kind] === "shut") return Promise.reject(new Error("refused"));
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    },
  });
  const find = (failed: readonly Path[] = []) => finder.find(node_id, paths, failed, never);
  return { asked, state, finder, find };
}

test("the mesh is used where it answers, and nothing else is asked", async () => {
  const { find, state, asked } = scripted(createFakeClock());
  state["mesh"] = "open";
  expect((await find()).kind).toBe("mesh");
  expect(asked).toEqual(["mesh"]);
});

test("a path that refuses gives way at once, a silent one after 300 ms", async () => {
  const clock = createFakeClock();
  const { find, state } = scripted(clock);
  Object.assign(state, { mesh: "shut", direct: "silent", relay: "open" });
  let found: Path | undefined;
  const finding = find().then((path) => (found = path));
  await clock.advance(299);
  expect(found).toBeUndefined();
  await clock.advance(1);
  expect((await finding).kind).toBe("relay");
});

test("a path that is known is used without being asked, however long ago it worked", async () => {
  const clock = createFakeClock();
  const { find, state, finder, asked } = scripted(clock);
  state["mesh"] = "open";
  const mesh = await find();
  finder.worked(node_id, mesh);
  state["mesh"] = "silent";
  await clock.advance(3_600_000);
  expect((await find()).kind).toBe("mesh");
  expect(asked).toEqual(["mesh"]);
});

test("better paths that stay shut are asked for ever less often, and not with each request", async () => {
  const clock = createFakeClock();
  const { find, state, finder, asked } = scripted(clock);
  Object.assign(state, { mesh: "shut", direct: "shut", relay: "open" });
  finder.worked(node_id, await find());
  asked.length = 0;
  const lookedAt: number[] = [];
  for (let second = 0; second < 300; second += 1) {
    expect((await find()).kind).toBe("relay");
    if (asked.splice(0).includes("mesh")) lookedAt.push(second);
    await clock.advance(1_000);
  }
  expect(lookedAt).toEqual([0, 4, 12, 27, 57, 102, 147, 192, 237, 282]);
});

test("on the relay, a direct path that opens is used by the request after the next", async () => {
  const clock = createFakeClock();
  const { find, state, finder } = scripted(clock);
  Object.assign(state, { mesh: "shut", direct: "shut", relay: "open" });
  finder.worked(node_id, await find());
  state["direct"] = "open";
  const used = await find();
  expect(used.kind).toBe("relay");
  await clock.advance(0);
  finder.worked(node_id, used);
  expect((await find()).kind).toBe("direct");
});

test("a path that broke is forgotten, and this request does not take it again", async () => {
  const { find, state, finder } = scripted(createFakeClock());
  Object.assign(state, { mesh: "open", direct: "shut", relay: "open" });
  const mesh = await find();
  finder.worked(node_id, mesh);
  finder.broke(node_id, mesh);
  expect(finder.last(node_id)).toBeUndefined();
  expect((await find([mesh])).kind).toBe("relay");
});

test("where nobody answers the node is unreachable, after at most a few seconds", async () => {
  const clock = createFakeClock();
  const { find, state } = scripted(clock);
  Object.assign(state, { mesh: "silent", direct: "shut", relay: "silent" });
  const ended = find().catch((error: unknown) => error);
  await clock.advance(6_000);
  expect(await ended).toMatchObject({ code: "node_unreachable" });
});

test("where somebody else answers, the path is left for a while, unless it is the only one", async () => {
  const clock = createFakeClock();
  const { find, state, finder } = scripted(clock);
  Object.assign(state, { mesh: "open", direct: "shut", relay: "open" });
  const impostor = await find();
  expect(impostor.kind).toBe("mesh");
  finder.distrust(node_id, impostor);
  expect((await find()).kind).toBe("relay");
  expect((await finder.find(node_id, [impostor], [], never)).kind).toBe("mesh");
  await clock.advance(300_000);
  expect((await find()).kind).toBe("relay");
  await clock.advance(0);
  expect((await find()).kind).toBe("mesh");
});
