/** The scripted engine as a process of its own, for tests in which it is on another machine. Prints where it is. */
import { startFakeEngine } from "./fake-engine.ts";

const engine = await startFakeEngine();
console.log(engine.origin);
