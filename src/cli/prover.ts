/** What proves the hardware, started from a command, which says what it fetches. */
import { createStartProver, type StartProver } from "../worker/proof/start-prover.ts";
import { webGpuPackages } from "../worker/proof/webgpu/package.ts";
import type { CommandContext } from "./context.ts";

const megabytes = Math.round(webGpuPackages.installedBytes / 1e6);

export function startProverHere(
  context: Pick<CommandContext, "environment" | "clock" | "random" | "output">,
): StartProver {
  const { environment, clock, random, output } = context;
  let bar: ReturnType<typeof output.progress> | undefined;
  return createStartProver({
    ...{ environment, clock, random },
    onProgress(share, text) {
      bar ??= output.progress(`Getting what drives the GPU, once (${megabytes} MB)`);
      if (share < 1) return bar.update(share, text);
      bar.done();
      bar = undefined;
      output.note(`GPU: ${text}`);
    },
  });
}
