/** How far a process's memory grows between two collections of all of it. */
import { setFlagsFromString } from "node:v8";

/**
 * From now on V8 collects its old generation when that is twice what the last time left of it. Where a machine has
 * memory, V8 would let it become four times that: three quarters of a coordinator with ten thousand nodes were garbage
 * (`bench/RESULTS.md`). Not `--max-old-space-size`, which ends the process where it is not enough.
 */
export const collectAtTwice = (): void => setFlagsFromString("--heap-growing-percent=100");
