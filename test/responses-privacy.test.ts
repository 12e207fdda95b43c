/** What Responses keep of a conversation lies in one file of the sidecar's, and in nothing else on this machine. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { openSocket } from "../src/client/fixtures/web-socket.fixture.ts";
import { createLog } from "../src/host/log.ts";
import { startNetwork } from "./network.ts";
import { cutAfter, plainText } from "./support/fake-engine/script.ts";
import { findMarks, newMark } from "./support/privacy/marks.ts";

const model = "test-model";

test("of what was said only the kept responses hold a word, and only of what is to be kept", async () => {
  const lines: string[] = [];
  const log = createLog("trace", { write: (line) => void lines.push(line) });
  await using network = await startNetwork({ log });
  const { engine, sidecar, folder } = network;
  const openai = new OpenAI({ baseURL: `${sidecar.url}/v1`, apiKey: "any", maxRetries: 0 });
  const [kept, unkept, broken, onSocket] = [newMark(), newMark(), newMark(), newMark()];

  engine.play(plainText("Kept: ", kept));
  const { id } = await openai.responses.create({ model, input: kept });
  engine.play(plainText("Not kept: ", unkept));
  await openai.responses.create({ model, input: unkept, store: false });
  using socket = await openSocket(network);
  socket.create({ model, input: onSocket, store: false });
  await socket.until("response.completed");
  socket.send(JSON.stringify({ type: onSocket, model: onSocket }));
  await socket.until("error");
  engine.play(cutAfter("Broken: ", broken));
  await expect(openai.responses.create({ model, input: broken, store: false })).rejects.toThrow();
  await network.settle();

  /** Where any of these is found, in whatever form. */
  const placesOf = (...marks: string[]): Set<string> => {
    const places: Record<string, Buffer[]> = { log: [Buffer.from(lines.join("\n"))] };
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const name = entry.name.replace(/-(wal|shm)$/, "");
      (places[name] ??= []).push(readFileSync(join(entry.parentPath, entry.name)));
    }
    return new Set(findMarks(marks, places).map(({ place }) => place));
  };
  expect(lines).not.toEqual([]);
  expect(placesOf(unkept, broken, onSocket)).toEqual(new Set());
  expect(placesOf(kept)).toEqual(new Set(["responses.sqlite"]));
  await openai.responses.delete(id);
  await sidecar[Symbol.asyncDispose]();
  expect(placesOf(kept)).toEqual(new Set());
});
