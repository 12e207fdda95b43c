/** Applications that ask one thing after the other through a sidecar, and stream the answers. */
import { setTimeout as pause } from "node:timers/promises";

export interface Applications {
  /** Answers that arrived whole. */
  answered(): number;
  asked(): number;
  /** Questions that ended in an error, plainly said. */
  cut(): number;
  /** Questions that ended otherwise: without a word, or with half an answer that passed for a whole one. */
  readonly offences: string[];
  /** Resolves with the next whole answer to a question that is asked from now on. */
  nextAnswer(): Promise<void>;
  finish(): Promise<void>;
}

/** How many ask at once. */
export const streams = 4;
/** Whoever waits for longer hangs. */
const patienceMs = 60_000;
/** The rest of a campaign is worth waiting for longer than an answer is. */
const givenUpMs = 600_000;

export function startApplications(url: string, model: string, expected: string): Applications {
  let isStopping = false;
  const count = { asked: 0, answered: 0, cut: 0 };
  const offences: string[] = [];

  async function ask(): Promise<boolean> {
    count.asked += 1;
    const ending = await askOnce(url, model, expected).catch(
      (error: unknown) => `a stream broke off without a word: ${String(error)}`,
    );
    if (ending === "whole") count.answered += 1;
    else count.cut += 1;
    if (ending !== "whole" && ending !== "error") offences.push(ending);
    return ending === "whole";
  }

  const working = Array.from({ length: streams }, async () => {
    while (!isStopping) if (!(await ask())) await pause(20);
  });
  return {
    answered: () => count.answered,
    asked: () => count.asked,
    cut: () => count.cut,
    offences,
    async nextAnswer() {
      const began = performance.now();
      while (!(await ask())) {
        if (performance.now() - began > givenUpMs) throw new Error("nobody is answered any more");
        await pause(20);
      }
      const waitedMs = performance.now() - began;
      if (waitedMs > patienceMs)
        offences.push(`nobody was answered for ${Math.round(waitedMs / 1_000)} s`);
    },
    async finish() {
      isStopping = true;
      await Promise.all(working);
    },
  };
}

/** @returns "whole", "error", or what was wrong with the way it ended */
async function askOnce(url: string, model: string, expected: string): Promise<string> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    signal: AbortSignal.timeout(patienceMs),
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Well?" }] }),
  });
  const text = await response.text();
  const isDone = text.includes("data: [DONE]");
  // Before the first word an error is the answer itself, after it an event.
  const isError = response.ok
    ? /^data: \{"error":\{/m.test(text)
    : text.startsWith('{"error":{') && !isDone;
  if (isError) return isDone ? "an error event was followed by [DONE]" : "error";
  if (!isDone)
    return `a stream ended without [DONE] and without an error event: ${text.slice(-200)}`;
  // A ticket's budget ran out, and the ending says so.
  if (text.includes('"finish_reason":"length"')) return "error";
  const said = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, word]) => word).join("");
  return said === expected ? "whole" : `an answer came out as ${said}`;
}
