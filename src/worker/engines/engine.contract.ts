/** What every driver must do, run by each driver's test: against recorded answers, or against the real engine. */
import { request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { modelSchema } from "../../protocol/node.ts";
import { createEventReader } from "../../protocol/sse.ts";
import type { Engine } from "./engine.ts";

export interface EngineUnderTest {
  engine: Engine;
  /** Takes the engine's server away, so that nothing answers at its origin. */
  stop(): Promise<void>;
}

interface ChatChunk {
  choices: { delta: { role?: string; content?: string }; finish_reason: string | null }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
}

/** The data of every event that the engine's chat route streams for one question. */
export async function streamChat(engine: Engine, body: object): Promise<string[]> {
  const response = await request(engine.origin + engine.path("chat"), {
    method: "POST",
    headers: { ...engine.headers, "content-type": "application/json" },
    body: JSON.stringify({ stream: true, stream_options: { include_usage: true }, ...body }),
  });
  expect(response.statusCode).toBe(200);
  expect(response.headers["content-type"]).toContain("text/event-stream");
  const reader = createEventReader(1_000_000);
  return reader.push(await response.body.text());
}

export function engineContract(name: string, makeEngine: () => Promise<EngineUnderTest>): void {
  describe(`${name} keeps the contract of engines`, () => {
    let subject: EngineUnderTest;
    const never = new AbortController().signal;

    beforeAll(async () => {
      subject = await makeEngine();
    }, 180_000);

    afterAll(async () => {
      await subject.stop();
      await subject.engine[Symbol.asyncDispose]();
    });

    test("its origin is one, without a path", () => {
      expect(new URL(subject.engine.origin).origin).toBe(subject.engine.origin);
    });

    test("its version and its models fit into a heartbeat, each name once", async () => {
      const { version, models } = await subject.engine.inspect(never);
      expect(version.length).toBeGreaterThan(0);
      expect(version.length).toBeLessThanOrEqual(64);
      expect(models.length).toBeGreaterThan(0);
      for (const model of models) expect(modelSchema.parse(model)).toEqual(model);
      expect(new Set(models.map((model) => model.name)).size).toBe(models.length);
    });

    test("it computes at least one request at once", () => {
      expect(subject.engine.slots).toBeGreaterThanOrEqual(1);
    });

    test("its chat streams a role first, a finish reason and the usage last", async () => {
      const { models } = await subject.engine.inspect(never);
      const model = models.find(({ capabilities }) => capabilities.includes("chat"))!.name;
      const messages = [{ role: "user", content: "What is a ticket?" }];
      const data = await streamChat(subject.engine, { model, messages, temperature: 0 });
      expect(data.at(-1)).toBe("[DONE]");
      const chunks = data.slice(0, -1).map((text) => JSON.parse(text) as ChatChunk);
      expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
      const finished = chunks.filter((chunk) => chunk.choices[0]?.finish_reason);
      expect(finished).toHaveLength(1);
      const usage = chunks.at(-1)?.usage;
      expect(usage?.prompt_tokens).toBeGreaterThan(0);
      expect(usage?.completion_tokens).toBeGreaterThan(0);
    });

    test("each kind of request has a route of its own under /v1", () => {
      const paths = (["chat", "completion", "embedding"] as const).map(subject.engine.path);
      expect(new Set(paths).size).toBe(3);
      for (const path of paths) expect(path).toMatch(/^\/v1\//);
    });

    test("an inspection that is called off rejects with the caller's reason", async () => {
      const reason = new Error("called off");
      await expect(subject.engine.inspect(AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    test("an inspection of an engine that is gone rejects with engine_error", async () => {
      await subject.stop();
      await expect(subject.engine.inspect(never)).rejects.toMatchObject({ code: "engine_error" });
    });
  });
}
