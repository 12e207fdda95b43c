/** Our own floor: two hops that only pass on, each in a process. */
import { loopback } from "../../tools/services/ready.ts";
import { startHelper } from "./processes.ts";

export interface Floor extends AsyncDisposable {
  origin: string;
  pids: number[];
}

export async function startFloor(engineOrigin: string): Promise<Floor> {
  await using stack = new AsyncDisposableStack();
  const program = new URL("./floor-process.ts", import.meta.url);
  const pids: number[] = [];
  let origin = engineOrigin;
  for (let hop = 1; hop <= 2; hop += 1) {
    const { helper, ready } = await startHelper(program, [origin]);
    stack.use(helper);
    pids.push(helper.pid);
    origin = `http://${loopback}:${Number(ready)}`;
  }
  const resources = stack.move();
  return { origin, pids, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}
