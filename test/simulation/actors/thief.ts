/** Somebody who writes down what passes on the wire, and uses it: the same again, elsewhere, or a little changed. */
import type { Capture, Wire } from "../world/wire.ts";
import type { World } from "../world/world.ts";

/** A ticket and its time of grace are over by then. */
const longestMs = 400_000;

/** @returns what is to be shown each request that arrives */
export function createThief(
  { scheduler, random, faults }: World,
  wire: () => Wire,
  ports: readonly number[],
) {
  const draw = random.fork("thief");
  const change = ({ port, headers, body }: Capture): Capture => {
    switch (draw.between(0, 2)) {
      case 0:
        return { port, headers, body };
      case 1:
        return { port: draw.pick(ports), headers, body };
      default:
        return { port, headers: { ...headers, "troop-index": String(draw.between(1, 256)) }, body };
    }
  };
  return (capture: Capture): void => {
    if (!faults.happens("request_stolen", faults.shares.stolen)) return;
    const stolen = change(capture);
    scheduler.at(draw.between(0, longestMs), "a thief", () => wire().replay(stolen));
  };
}
