/** The real llama.cpp with the toy model of this repository. The engine is fetched once into the user's cache. */
import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock as clock, type Clock } from "../../../base/clock.ts";
import { systemRandom as random } from "../../../base/random.ts";
import type { TroopError } from "../../../protocol/error-codes.ts";
import { engineContract, streamChat } from "../engine.contract.ts";
import type { Engine } from "../engine.ts";
import { startLlamaCpp, type LlamaCppOptions } from "./llama-cpp.ts";

const toy = join(import.meta.dirname, "../../../../models/troop-toy.gguf");
const cacheHome = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
const options: LlamaCppOptions = {
  modelFile: toy,
  cacheFolder: join(cacheHome, "monkey-troop"),
  clock,
  random,
  env: process.env,
  signal: new AbortController().signal,
  gpu: "cpu",
};
const never = new AbortController().signal;
const messages = [{ role: "user", content: "What is a ticket?" }];

interface Whole {
  choices: { message: { content: string }; finish_reason: string }[];
  usage: { prompt_tokens: number; completion_tokens: number };
}

async function post(engine: Engine, body: object) {
  const { statusCode, body: answer } = await request(engine.origin + engine.path("chat"), {
    method: "POST",
    headers: { ...engine.headers, "content-type": "application/json" },
    body: JSON.stringify({ temperature: 0, ...body }),
  });
  return { status: statusCode, body: (await answer.json()) as Whole };
}

const answerOf = async (engine: Engine, body: object): Promise<string> =>
  (await post(engine, body)).body.choices[0]!.message.content;

engineContract("llama-cpp", async () => {
  const engine = await startLlamaCpp(options);
  return { engine, stop: async () => engine[Symbol.asyncDispose]() };
});

describe("with the toy model", () => {
  let engine: Engine;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "troop-llama-"));
    engine = await startLlamaCpp({ ...options, slots: 2 });
  }, 180_000);
  afterAll(async () => {
    await engine[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** The toy model with its bytes from `from` on treated by `change`. */
  async function altered(name: string, change: (bytes: Buffer) => void): Promise<string> {
    const bytes = await readFile(toy);
    change(bytes);
    await writeFile(join(folder, name), bytes);
    return join(folder, name);
  }

  test("it states what was loaded", async () => {
    const { models } = await engine.inspect(never);
    expect(models).toHaveLength(1);
    expect(models[0]).toMatchObject({ loaded: true, size_bytes: (await readFile(toy)).length });
    expect(models[0]!.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(models[0]!.context_length).toBeGreaterThanOrEqual(128);
    expect(models[0]!.capabilities).toContain("chat");
    expect(engine.slots).toBe(2);
  });

  test("the same question at temperature 0 has the same answer, streamed and whole", async () => {
    const first = await answerOf(engine, { messages });
    expect(first.length).toBeGreaterThan(10);
    expect(await answerOf(engine, { messages })).toBe(first);
    const data = await streamChat(engine, { messages, temperature: 0 });
    const pieces = data
      .slice(0, -1)
      .map((text) => JSON.parse(text) as { choices: { delta: { content?: string } }[] })
      .map(({ choices }) => choices[0]?.delta.content ?? "");
    expect(pieces.length).toBeGreaterThan(10);
    expect(pieces.join("")).toBe(first);
  });

  test("a text is gone on with, wherever it was cut, as if it had not been", async () => {
    const data = await streamChat(engine, { messages, temperature: 0 });
    const pieces = data
      .slice(0, -1)
      .map((text) => JSON.parse(text) as { choices: { delta: { content?: string } }[] })
      .flatMap(({ choices }) => choices[0]?.delta.content ?? []);
    const whole = pieces.join("");
    const { models } = await engine.inspect(never);
    expect(models[0]!.capabilities).toContain("prefill");
    for (let cut = 1; cut < pieces.length; cut += 1) {
      const content = pieces.slice(0, cut).join("");
      const begun = [...messages, { role: "assistant", content }];
      const rest = await answerOf(engine, { messages: begun, continue_final_message: true });
      expect(content + rest).toBe(whole);
    }
  });

  test("another question has another answer", async () => {
    const other = [{ role: "user", content: "What is Monkey Troop?" }];
    expect(await answerOf(engine, { messages: other })).not.toBe(
      await answerOf(engine, { messages }),
    );
  });

  test("two requests are computed at once, each as if it were alone", async () => {
    const other = [{ role: "user", content: "What is a worker?" }];
    const alone = [
      await answerOf(engine, { messages }),
      await answerOf(engine, { messages: other }),
    ];
    const together = await Promise.all([
      answerOf(engine, { messages }),
      answerOf(engine, { messages: other }),
    ]);
    expect(together).toEqual(alone);
  });

  test("the tokens of prompt and answer are counted, not guessed", async () => {
    const { body } = await post(engine, { messages, max_tokens: 5 });
    expect(body.usage.completion_tokens).toBe(5);
    expect(body.choices[0]!.finish_reason).toBe("length");
    const longer = [{ role: "system", content: "Be brief." }, ...messages];
    const more = await post(engine, { messages: longer, max_tokens: 5 });
    expect(more.body.usage.prompt_tokens).toBeGreaterThan(body.usage.prompt_tokens);
  });

  test("a seed makes a drawn answer repeatable", async () => {
    const drawn = { messages, temperature: 2, top_k: 0, top_p: 1, min_p: 0, max_tokens: 24 };
    const one = await answerOf(engine, { ...drawn, seed: 1 });
    expect(await answerOf(engine, { ...drawn, seed: 1 })).toBe(one);
    expect(await answerOf(engine, { ...drawn, seed: 2 })).not.toBe(one);
  });

  test("a prompt beyond the context is refused with both lengths", async () => {
    const long = [{ role: "user", content: "ticket ".repeat(4_000) }];
    const { status, body } = await post(engine, { messages: long });
    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { code: "context_length_exceeded" } });
  });

  test("the answer comes from the weights: with other weights it is another", async () => {
    const expected = await answerOf(engine, { messages });
    // The last third of the file is tensor data only; the header and its offsets stay valid.
    const broken = await altered("zeroed.gguf", (bytes) =>
      bytes.fill(0, Math.floor((bytes.length * 2) / 3)),
    );
    await using other = await startLlamaCpp({ ...options, modelFile: broken });
    expect(await answerOf(other, { messages })).not.toBe(expected);
  }, 60_000);

  test("a truncated file is model_invalid, with llama.cpp's reason and the way out", async () => {
    const cut = await altered("cut.gguf", () => {});
    await truncate(cut, Math.floor((await readFile(toy)).length / 2));
    const failure = await startLlamaCpp({ ...options, modelFile: cut }).catch(
      (error: unknown) => error as TroopError,
    );
    expect(failure).toMatchObject({
      code: "model_invalid",
      message: expect.stringMatching(/cut\.gguf.*--model FILE\.gguf/s),
    });
  }, 60_000);

  test("a start that is called off rejects with the reason and leaves no process", async () => {
    const off = new AbortController();
    const reason = new Error("called off");
    const starting = startLlamaCpp({ ...options, signal: off.signal });
    off.abort(reason);
    await expect(starting).rejects.toBe(reason);
  }, 60_000);

  test("an engine whose process dies is an engine_error, and comes back", async () => {
    // The supervisor looks at the clock when an engine begins to serve, and sets a timer before it restarts one.
    const died = Promise.withResolvers<() => void>();
    const servedAgain = Promise.withResolvers<void>();
    let served = 0;
    const watched: Clock = {
      ...clock,
      monotonic: () => (++served >= 3 ? servedAgain.resolve() : undefined, clock.monotonic()),
      timer(delayMs, callback) {
        const isRestart = delayMs >= 250 && delayMs <= 500;
        if (isRestart) died.resolve(callback);
        return isRestart ? { cancel: () => {} } : clock.timer(delayMs, callback);
      },
    };
    await using mortal = await startLlamaCpp({ ...options, clock: watched });
    const before = await answerOf(mortal, { messages });
    const health = await request(`${mortal.origin}/health`, { headers: mortal.headers });
    const { pid } = (await health.body.json()) as { pid: number };
    process.kill(pid, "SIGKILL");
    const restart = await died.promise;
    await expect(mortal.inspect(never)).rejects.toMatchObject({
      code: "engine_error",
      message: expect.stringContaining("SIGKILL"),
    });
    restart();
    await servedAgain.promise;
    expect((await mortal.inspect(never)).models).toHaveLength(1);
    expect(await answerOf(mortal, { messages })).toBe(before);
  }, 60_000);
});
