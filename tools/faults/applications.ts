/** Applications that ask one thing after the other through a sidecar, and stream the answers. */
import { setTimeout as pause } from "node:timers/promises";

export interface Applications {
  /** Answers that arrived whole. */
  answered(): number;
  asked(): number;
  /** Questions that ended in an error, plainly said. */
  cut(): number;
  /** Resolves with the next whole answer to a question that is asked from now on. */
  nextAnswer(): Promise<void>;
  finish(): Promise<void>;
}

const streams = 4;

export function startApplications(url: string, model: string, expected: string): Applications {
  let isStopping = false;
  const count = { asked: 0, answered: 0, cut: 0 };

  async function ask(): Promise<boolean> {
    count.asked += 1;
    const isWhole = await isAnswered(url, model, expected).catch(() => false);
    count[isWhole ? "answered" : "cut"] += 1;
    return isWhole;
  }

  const working = Array.from({ length: streams }, async () => {
    while (!isStopping) if (!(await ask())) await pause(20);
  });
  return {
    answered: () => count.answered,
    asked: () => count.asked,
    cut: () => count.cut,
    async nextAnswer() {
      while (!(await ask())) await pause(20);
    },
    async finish() {
      isStopping = true;
      await Promise.all(working);
    },
  };
}

async function isAnswered(url: string, model: string, expected: string): Promise<boolean> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "Well?" }] }),
  });
  const text = await response.text();
  if (!response.ok || !text.includes("data: [DONE]")) return false;
  const said = [...text.matchAll(/"content":"([^"]*)"/g)].map(([, word]) => word).join("");
  if (said !== expected) throw new Error(`an answer came out as ${said}`);
  return true;
}
