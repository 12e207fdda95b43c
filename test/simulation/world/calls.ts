/** Calls to the coordinator as they fare on this network: slow, lost, answered twice, cut off. */
import type { HttpAnswer, HttpRequest, HttpTransport } from "../../../src/host/http-transport.ts";
import { headers } from "../../../src/protocol/version.ts";
import type { Machine, Process } from "./machine.ts";
import { coordinatorName, type World } from "./world.ts";

export interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** What runs on the coordinator's machine: takes a call, and never settles once it has been killed. */
export type Handle = (call: HttpRequest, from: string) => Promise<Answer>;

const socketError = (code: string): Error => Object.assign(new Error(code), { code });

/** @param handle the running coordinator's */
export function createTransport(
  { scheduler, network, note }: World,
  process: Process,
  coordinator: Machine,
  handle: Handle,
): HttpTransport {
  let calls = 0;
  const way = (delivered: () => void) => (from: string, to: string) => {
    const delayMs = network.journey(from, to);
    if (delayMs !== undefined) scheduler.at(delayMs, `${from} > ${to}`, delivered);
  };
  return (call) =>
    new Promise((resolve, reject) => {
      process.reach("call");
      const number = (calls += 1);
      note(() => `call ${number} of ${process.name} to ${call.url}`);
      let forget = () => {};
      let isOver = false;
      const end = (settle: () => void) => {
        if (isOver) return;
        isOver = true;
        note(() => `call ${number} of ${process.name} ends`);
        forget();
        call.signal.removeEventListener("abort", abort);
        if (process.isAlive) settle();
      };
      const abort = () => end(() => reject(call.signal.reason as Error));
      if (call.signal.aborted) return abort();
      call.signal.addEventListener("abort", abort);
      const fail = (code: string) =>
        way(() => end(() => reject(socketError(code))))(coordinatorName, process.name);
      const answered = (answer: Answer) =>
        way(() => end(() => resolve(withText(answer))))(coordinatorName, process.name);
      const arrive = () => {
        if (!coordinator.process) return fail("ECONNREFUSED");
        forget = coordinator.process.onDeath(() => fail("ECONNRESET"));
        // Rejects only with the end of the process that was handling it.
        handle(call, process.name).then(answered, () => undefined);
      };
      way(arrive)(process.name, coordinatorName);
      if (network.duplicates()) way(arrive)(process.name, coordinatorName);
    });
}

const withText = ({ status, headers: sent, text }: Answer): HttpAnswer => ({
  status,
  headers: sent,
  text: () => Promise.resolve(text),
});

export const answerOf = (status: number, body: object, now: number): Answer => ({
  status,
  headers: { [headers.time]: String(now) },
  text: JSON.stringify(body),
});
