/** Readers that are slow, and readers that do not read. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { limits } from "../../protocol/limits.ts";
import { openTestSession } from "../../protocol/sealed-stream.fixture.ts";
import { type Answer, createAnswer } from "./answer.ts";

const mebibyte = 1_024 * 1_024;

/**
 * An answer over a real connection, whose reader takes only what it is told to. The socket has a name and no
 * port, because such a one holds a few hundred KiB on the way, and not as many MiB as the system likes.
 */
async function startAnswer() {
  const clock = createFakeClock();
  const server = createServer();
  const served = once(server, "request") as Promise<[IncomingMessage, ServerResponse]>;
  const folder = mkdtempSync(join(tmpdir(), "troop-answer-"));
  const socketPath = join(folder, "socket");
  server.listen(socketPath);
  await once(server, "listening");
  const request = get({ socketPath, agent: false });
  const [, response] = await served;
  const sealer = openTestSession().exchange().worker.answer;
  const answer = createAnswer(response, sealer, clock);
  answer.open({ status: 200, headers: {} });
  const [message] = (await once(request, "response")) as [IncomingMessage];
  message.on("error", () => undefined);
  return {
    ...{ clock, answer, response },
    async read(bytes: number) {
      for (let taken = 0; taken < bytes;) {
        const chunk = message.read() as Buffer | null;
        if (chunk) taken += chunk.length;
        else await once(message, "readable");
      }
    },
    async [Symbol.asyncDispose]() {
      request.destroy();
      server.closeAllConnections();
      server.close();
      await once(server, "close");
      rmSync(folder, { recursive: true });
    },
  };
}

const events = () => ({
  full: vi.fn<() => void>(),
  room: vi.fn<() => void>(),
  gone: vi.fn<() => void>(),
});
const isFull = async (heard: ReturnType<typeof events>) => {
  await expect.poll(() => heard.full).toBeCalled();
};

test.each<[string, (answer: Answer) => void]>([
  ["while the answer goes on", () => undefined],
  ["at the answer's end", (answer) => answer.finish()],
])(
  "a reader that takes a little in each half minute is kept, %s; one that stops is not",
  async (_, end) => {
    await using connection = await startAnswer();
    const { answer, clock, response, read } = connection;
    const heard = events();
    answer.watch(heard);
    answer.body("x".repeat(8 * mebibyte));
    await isFull(heard);
    end(answer);
    // More than is on the way, so that some of the rest must have been taken.
    for (let round = 0; round < 3; round += 1) {
      await read(2 * mebibyte);
      await clock.advance(limits.slowReaderMs);
      expect(response.destroyed).toBe(false);
    }
    // What the operating system still takes by itself counts once.
    const waited = async () => {
      await clock.advance(limits.slowReaderMs);
      return response.destroyed;
    };
    await expect.poll(waited).toBe(true);
    await expect.poll(() => heard.gone).toBeCalled();
  },
);

test("what waits for a reader who takes nothing is 256 KiB, and the frame that went beyond", async () => {
  await using connection = await startAnswer();
  const { answer, response } = connection;
  const heard = events();
  answer.watch(heard);
  // The engine is paused then, and says no more.
  while (heard.full.mock.calls.length === 0) {
    answer.body("x".repeat(limits.frameBytes / 2));
    answer.flush();
  }
  expect(response.writableLength).toBeGreaterThanOrEqual(limits.streamBufferBytes);
  expect(response.writableLength).toBeLessThan(limits.streamBufferBytes + limits.frameBytes);
});

test("a reader that catches up is told of once, and then not hung up on", async () => {
  await using connection = await startAnswer();
  const { answer, clock, response, read } = connection;
  const heard = events();
  answer.watch(heard);
  answer.body("x".repeat(4 * mebibyte));
  await isFull(heard);
  await read(4 * mebibyte);
  await expect.poll(() => heard.room).toBeCalled();
  await clock.advance(10 * limits.slowReaderMs);
  expect(response.destroyed).toBe(false);
  expect([heard.full.mock.calls.length, heard.room.mock.calls.length]).toEqual([1, 1]);
});
