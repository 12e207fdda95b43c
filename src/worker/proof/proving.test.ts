/** What a worker does with a prover that does not work, while the coordinator goes on asking. */
import { expect, test } from "vitest";
import { systemRandom } from "../../base/random.ts";
import { createCoordinatorClient } from "../../host/coordinator-client.ts";
import { createLog } from "../../host/log.ts";
import { makeSigner } from "../../../test/network.ts";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { createProving } from "./proving.ts";

test("a prover that cannot start is tried again after a minute, and each time later, not at every beat", async () => {
  const clock = createFakeClock();
  // Never called: nothing listens there.
  const url = "http://127.0.0.1:9";
  await using coordinator = createCoordinatorClient({ url, clock, random: systemRandom });
  let starts = 0;
  const proving = createProving({
    ...{ coordinator, clock, random: systemRandom, log: createLog("silent") },
    node: await makeSigner(),
    provers: ["webgpu"],
    startProver() {
      starts += 1;
      return Promise.reject(new Error("no GPU here"));
    },
    ...{ state: () => "serving", move: () => {}, active: () => 0, isOwnerPresent: () => false },
    ...{ beat: () => {}, emptyMemory: async () => {} },
  });
  const startsAfter: number[] = [];
  for (let minute = 0; minute <= 10; minute += 1) {
    for (let beat = 0; beat < 6; beat += 1) {
      const { failure } = proving.status();
      proving.heed({ kind: "stand_by" });
      await expect.poll(() => proving.status().failure).toBe("no GPU here");
      expect(failure === null).toBe(minute + beat === 0);
      await clock.advance(10_000);
    }
    startsAfter.push(starts);
  }
  expect(startsAfter).toEqual([1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]);
});
