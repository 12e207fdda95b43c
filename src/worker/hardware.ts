/** What the machine says about itself. A claim only: what it is worth is proven elsewhere. */
import { availableParallelism, cpus, totalmem } from "node:os";
import { limits } from "../protocol/limits.ts";
import type { NodeSnapshot } from "../protocol/node.ts";

/** @param gpus as `describeGpus` */
export const readHardware = (gpus: string[] = []): NodeSnapshot["hardware"] => ({
  platform: `${process.platform}-${process.arch}`,
  cpu: (cpus()[0]?.model ?? "unknown").slice(0, limits.modelNameCharacters),
  cores: availableParallelism(),
  memory_bytes: totalmem(),
  gpus,
});
