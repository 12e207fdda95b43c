/**
 * Until when a call's work is worth doing. The signal goes along with whatever the call awaits, so that a statement of
 * it can be cancelled at the one door to the database, and no verb in between has to pass it on.
 */
import { AsyncLocalStorage } from "node:async_hooks";

const scope = new AsyncLocalStorage<AbortSignal>();

/** Runs `work`; its statements end with `signal`. */
export const runUntil = <Result>(signal: AbortSignal, work: () => Result): Result =>
  scope.run(signal, work);

/** Undefined outside of a call: jobs take the time they take. */
export const callSignal = (): AbortSignal | undefined => scope.getStore();
