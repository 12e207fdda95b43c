/** What the stories have in common: an application that asks, and what its account is told of it. */
import type { HistoryEntry } from "../../src/protocol/endpoints.ts";
import type { Network } from "../network.ts";

const question = {
  model: "test-model",
  messages: [{ role: "user", content: "Who is there?" }],
};

/** As an application does that takes no SDK. */
export const ask = (
  { sidecar }: Pick<Network, "sidecar">,
  more: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> =>
  fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify({ ...question, ...more }),
  });

interface Failure {
  error: { code: string; message: string };
}
export const failureOf = async (response: Response): Promise<Failure["error"]> =>
  ((await response.json()) as Failure).error;

export const textOf = async (response: Response): Promise<string | undefined> =>
  ((await response.json()) as { choices?: { message: { content: string } }[] }).choices?.[0]
    ?.message.content;

/** The requests in the requester's history. */
export const requestsOf = async ({ history, requester }: Network): Promise<HistoryEntry[]> =>
  (await history(requester)).filter(({ kind }) => kind === "request");
