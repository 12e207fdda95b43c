/** One suite for both places where calls are counted. Time is the test's. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRedisDatabase, type TestService } from "../../../test/support/services.ts";
import { systemClock } from "../../base/clock.ts";
import { createLog } from "../../host/log.ts";
import { redisAt } from "../redis-connection.ts";
import { createMemoryCallLog, type CallLog } from "./call-log.ts";
import { createRedisCallLog } from "./redis-call-log.ts";

const hourMs = 3_600_000;
let now = 1_700_000_000_000;

describe.each(["memory", "Redis"] as const)("calls counted in %s", (kind) => {
  let service: TestService | undefined;
  let calls: CallLog;
  beforeAll(async () => {
    if (kind === "Redis") service = await createRedisDatabase();
    const parts = { clock: systemClock, log: createLog("silent") };
    calls = service
      ? await createRedisCallLog({
          ...{ connect: redisAt({ ...parts, url: service.url }), prefix: "test:" },
          now: () => now,
        })
      : createMemoryCallLog({ monotonic: () => now });
  });
  afterAll(async () => {
    await calls[Symbol.asyncDispose]();
    await service?.[Symbol.asyncDispose]();
  });

  const charge = (bucket: string, limit = 3) => calls.charge({ bucket, limit, windowMs: hourMs });

  test("what is left, and until when, is told with each", async () => {
    const start = now;
    const told = { limit: 3, isFirstRefusal: false };
    expect(await charge("a")).toEqual({ ...told, isAllowed: true, remaining: 2, resetMs: hourMs });
    now += 1_000;
    const second = { ...told, isAllowed: true, remaining: 1, resetMs: hourMs - 1_000 };
    expect(await charge("a")).toEqual(second);
    await charge("a");
    now += 1_000;
    const refused = { limit: 3, isAllowed: false, remaining: 0, resetMs: hourMs - 2_000 };
    expect(await charge("a")).toEqual({ ...refused, isFirstRefusal: true });
    expect(await charge("a")).toEqual({ ...refused, isFirstRefusal: false });
    // A millisecond before the first call leaves the window, and when it does.
    now = start + hourMs - 1;
    expect(await charge("a")).toMatchObject({ isAllowed: false, resetMs: 1 });
    now += 1;
    expect(await charge("a")).toMatchObject({ isAllowed: true, remaining: 0, resetMs: 1_000 });
    expect(await charge("a")).toMatchObject({ isAllowed: false });
  });

  test("the first refusal is told once a window", async () => {
    for (let call = 0; call < 3; call += 1) await charge("b");
    expect(await charge("b")).toMatchObject({ isFirstRefusal: true });
    now += hourMs;
    for (let call = 0; call < 3; call += 1) await charge("b");
    expect(await charge("b")).toMatchObject({ isAllowed: false, isFirstRefusal: true });
    expect(await charge("b")).toMatchObject({ isAllowed: false, isFirstRefusal: false });
  });

  test("buckets know nothing of one another", async () => {
    for (let call = 0; call < 4; call += 1) await charge("c");
    expect(await charge("d")).toMatchObject({ isAllowed: true, remaining: 2 });
  });

  test("a limit that was lowered holds for what was counted before", async () => {
    for (let call = 0; call < 3; call += 1) {
      await charge("e");
      now += 1_000;
    }
    expect(await charge("e", 1)).toMatchObject({ isAllowed: false, resetMs: hourMs - 1_000 });
    now += hourMs - 1_001;
    expect(await charge("e", 1)).toMatchObject({ isAllowed: false, resetMs: 1 });
    now += 1;
    expect(await charge("e", 1)).toMatchObject({ isAllowed: true });
  });

  test("of calls that come at once no more are let through than the limit", async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => charge("f", 7)));
    expect(all.filter(({ isAllowed }) => isAllowed)).toHaveLength(7);
    expect(all.filter(({ isFirstRefusal }) => isFirstRefusal)).toHaveLength(1);
  });

  let run = 0;
  test("as a naive log says: whatever comes when, no window holds more than the limit", async () => {
    const pause = fc.oneof(
      fc.constant(0),
      fc.integer({ min: 1, max: hourMs / 10 }),
      fc.integer({ min: hourMs / 10, max: hourMs + 1 }),
    );
    // Its usual size would hardly get past one window.
    const steps = fc.array(pause, { minLength: 1, maxLength: 60, size: "max" });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 5 }), steps, async (limit, pauses) => {
        run += 1;
        const taken: number[] = [];
        for (const pauseMs of pauses) {
          now += pauseMs;
          const inWindow = taken.filter((at) => at > now - hourMs);
          const charged = await charge(`run ${run}`, limit);
          expect(charged.isAllowed).toBe(inWindow.length < limit);
          if (charged.isAllowed) taken.push(now);
          expect(charged.remaining).toBe(Math.max(0, limit - inWindow.length - 1));
        }
        for (const at of taken)
          expect(
            taken.filter((other) => other >= at && other < at + hourMs).length,
          ).toBeLessThanOrEqual(limit);
      }),
      { numRuns: 60 },
    );
  });
});
