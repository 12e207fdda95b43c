/** A network whose requester has said how much may be spent, and what its requests cost. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFakeClock, type FakeClock } from "../../../test/support/fake-clock.ts";
import { post, startTestNetwork, type TestNetwork } from "../fixtures/sidecar.fixture.ts";
import type { Script } from "../fixtures/stub-worker.fixture.ts";
import type { SidecarConfig } from "../config.ts";
import { type Caps, noCaps } from "./caps.ts";

/** The stub's answers cost a hundredth of a credit; this question sets aside twelve, since it bounds its answer. */
export const question = {
  model: "toy:1b",
  messages: [{ role: "user" as const, content: "Hello?" }],
  max_tokens: 10,
};
export const [cost, reserve] = [10_000n, 120_000n];

export interface CappedNetwork extends TestNetwork {
  clock: FakeClock;
  folder: string;
  /** Asks, and reads the answer. @param key of an application */
  ask(key?: string, changes?: object): Promise<{ status: number; headers: Headers; text: string }>;
}

/** @param folder of a former one; else one that is gone afterwards */
export async function startCapped(
  { caps, ...settings }: Partial<Omit<SidecarConfig, "caps">> & { caps?: Partial<Caps> },
  script?: Script,
  former?: { folder: string; clock: FakeClock },
): Promise<CappedNetwork> {
  const folder = former?.folder ?? mkdtempSync(join(tmpdir(), "troop-capped-"));
  const clock = former?.clock ?? createFakeClock();
  const network = await startTestNetwork(clock, [script], {
    ...{ dataFolder: folder, caps: { ...noCaps, ...caps } },
    ...settings,
  });
  const close = network[Symbol.asyncDispose];
  return Object.assign(network, {
    ...{ clock, folder },
    async ask(key?: string, changes: object = {}) {
      const head = key === undefined ? {} : { authorization: `Bearer ${key}` };
      const asked = { ...question, ...changes };
      const response = await post(network, "/v1/chat/completions", asked, head);
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    async [Symbol.asyncDispose]() {
      await close();
      if (!former) rmSync(folder, { recursive: true, force: true });
    },
  });
}
