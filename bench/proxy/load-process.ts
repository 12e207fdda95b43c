/** The load client: asks, takes the time, and looks at every answer once the clock has stopped. */
import { Agent } from "undici";
import { faultOf, requestBody, countEvents, type Plan, type Received } from "./answer.ts";

/** Where requests go. */
export interface Target {
  origin: string;
  headers: Record<string, string>;
}

export type LoadQuestion =
  /** So many requests, some at once; the answer has how long each took. */
  | { kind: "run"; target: Target; plan: Plan; count: number; concurrency: number }
  /** So many streams, answered once each has said its first word. */
  | { kind: "open"; target: Target; plan: Plan; count: number }
  /** Answered once those streams have ended as they should. */
  | { kind: "finish" };

export interface LoadAnswer {
  timesMs: number[];
}

const agent = new Agent();
let opened: { plan: Plan; answers: Promise<Received>[] } | undefined;

function ask(target: Target, body: string, onFirstWord?: () => void): Promise<Received> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let status = 0;
    const text = () => Buffer.concat(chunks).toString();
    agent.dispatch(
      {
        ...{ origin: target.origin, path: "/v1/chat/completions", method: "POST", body },
        headers: { "content-type": "application/json", ...target.headers },
      },
      {
        onRequestStart() {},
        onResponseStart: (_controller, code) => void (status = code),
        onResponseData(_controller, chunk) {
          chunks.push(chunk);
          // The first event has the role only.
          if (onFirstWord && countEvents(text()) >= 2) onFirstWord();
        },
        onResponseEnd: () => resolve({ status, text: text() }),
        onResponseError: (_controller, error) => reject(error),
      },
    );
  });
}

function check(received: Received, plan: Plan, { origin }: { origin: string }): void {
  const fault = faultOf(received, plan);
  if (fault !== undefined) throw new Error(`an answer from ${origin} is wrong: ${fault}`);
}

async function run(question: Extract<LoadQuestion, { kind: "run" }>): Promise<LoadAnswer> {
  const { target, plan, count, concurrency } = question;
  const body = requestBody(plan);
  const timesMs: number[] = [];
  const answers: Received[] = [];
  let left = count;
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (; left > 0;) {
        left -= 1;
        const began = performance.now();
        const received = await ask(target, body);
        timesMs.push(performance.now() - began);
        answers.push(received);
      }
    }),
  );
  for (const received of answers) check(received, plan, target);
  return { timesMs };
}

async function open({ target, plan, count }: Extract<LoadQuestion, { kind: "open" }>) {
  const body = requestBody(plan);
  const answers: Promise<Received>[] = [];
  for (let stream = 0; stream < count; stream += 1) {
    const firstWord = Promise.withResolvers<void>();
    const answer = ask(target, body, firstWord.resolve);
    answers.push(answer);
    const early = answer.then(({ status, text }) => {
      throw new Error(`a stream ended before its time: ${status} ${text.slice(0, 500)}`);
    });
    await Promise.race([firstWord.promise, early]);
    early.catch(() => undefined);
  }
  opened = { plan, answers };
  return { timesMs: [] };
}

async function finish(): Promise<LoadAnswer> {
  const { plan, answers } = opened!;
  for (const received of await Promise.all(answers)) check(received, plan, { origin: "a stream" });
  return { timesMs: [] };
}

async function respond(question: LoadQuestion): Promise<LoadAnswer> {
  switch (question.kind) {
    case "run":
      return run(question);
    case "open":
      return open(question);
    case "finish":
      return finish();
    default:
      return question satisfies never;
  }
}

process.on("message", (question: LoadQuestion) => {
  respond(question).then(
    (answer) => process.send!(answer),
    (error: unknown) => process.send!({ failure: String(error) }),
  );
});
process.once("disconnect", () => process.exit());
process.send!("ready");
