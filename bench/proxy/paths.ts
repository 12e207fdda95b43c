/** The ways from the load client to the engine, each with the processes that it is made of. */
import { startFloor } from "./floor.ts";
import type { Target } from "./load-process.ts";
import { startNginxChain } from "./nginx.ts";
import { portkeyHeaders, startPortkey } from "./portkey.ts";
import type { TroopNetwork } from "./troop.ts";
import { familyOf } from "./usage.ts";

export type PathName = "direct" | "nginx" | "keeping nginx" | "portkey" | "ours" | "floor";
/** In the order in which a round begins. */
export const pathNames: readonly PathName[] = [
  ...(["direct", "nginx", "keeping nginx", "portkey", "ours", "floor"] as const),
];

export interface ProxyPath {
  target: Target;
  /** Of all hops. */
  pids: number[];
  /** Resolves when what the hops do afterwards is done. */
  settled(): Promise<void>;
}

export type Paths = Record<PathName, ProxyPath>;

export async function startPaths(
  stack: AsyncDisposableStack,
  engineOrigin: string,
  troop: TroopNetwork,
): Promise<Paths> {
  const nginx = stack.use(await startNginxChain(engineOrigin, false));
  const keeping = stack.use(await startNginxChain(engineOrigin, true));
  const portkey = stack.use(await startPortkey());
  const floor = stack.use(await startFloor(engineOrigin));
  const path = (origin: string, pids: number[], more: Partial<ProxyPath> = {}): ProxyPath => ({
    ...{ target: { origin, headers: {} }, settled: () => Promise.resolve() },
    pids: pids.flatMap(familyOf),
    ...more,
  });
  return {
    direct: path(engineOrigin, []),
    nginx: path(nginx.origin, nginx.pids),
    "keeping nginx": path(keeping.origin, keeping.pids),
    portkey: path(portkey.origin, [portkey.pid], {
      target: { origin: portkey.origin, headers: portkeyHeaders(engineOrigin) },
    }),
    ours: path(troop.origin, [troop.sidecar, troop.worker], { settled: () => troop.settled() }),
    floor: path(floor.origin, floor.pids),
  };
}
