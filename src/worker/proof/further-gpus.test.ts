/** What a worker's log says of GPUs that take no part in a proof. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { makeSigner } from "../../../test/network.ts";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { startEndlessProver } from "../../../test/support/endless-prover.ts";
import { systemRandom } from "../../base/random.ts";
import { createCoordinatorClient } from "../../host/coordinator-client.ts";
import { createLog } from "../../host/log.ts";
import { createExchange } from "./exchange.ts";
import { joinFurther } from "./further-gpus.ts";

test("each that does not start is named, and where those of one name count as one it says what to install", async () => {
  const clock = createFakeClock();
  // Never called: nothing listens there.
  const url = "http://127.0.0.1:9";
  await using coordinator = createCoordinatorClient({ url, clock, random: systemRandom });
  const node = await makeSigner();
  const lines = new PassThrough({ encoding: "utf8" });
  const calls = { coordinator, node, clock };
  const { devices } = await joinFurther(
    {
      ...{ ...calls, log: createLog("warn", lines) },
      exchange: createExchange({ ...calls, emptyMemory: async () => {} }),
      startProver: () => Promise.reject(new Error("the driver hangs")),
    },
    {
      ...{ kind: "webgpu", device: { prover: "webgpu", name: "first" } },
      child: {
        ...(await startEndlessProver("webgpu")),
        ...{ others: [{ name: "second" }], alikeAsOne: "install something" },
      },
    },
    new AbortController().signal,
  );
  expect(devices).toEqual([]);
  const said: string = lines.read();
  expect(
    said
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toMatchObject([
    { reason: "install something", msg: "GPUs of one name are proven as one" },
    {
      ...{ gpu: "second", err: { message: "the driver hangs" } },
      msg: "a GPU takes no part in the proof of hardware",
    },
  ]);
});
