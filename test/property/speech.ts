/** Turns drafts into what the two sides say: once as the model understands it, once as the wire carries it. */
import { digestOf } from "../../src/protocol/bytes.ts";
import { formatCredits } from "../../src/protocol/credits.ts";
import { requestName } from "../../src/protocol/ids.ts";
import { lineHash, type AcknowledgedLine, type Line } from "../../src/protocol/receipt.ts";
import { someHashes } from "../../src/protocol/receipt.fixture.ts";
import { createSecretTree } from "../../src/protocol/secrets.ts";
import { priceOf, type Figures, type ModelRate } from "./model/arithmetic.ts";
import type { ModelHold, ModelLine, ModelState, ModelWord } from "./model/state.ts";
import type { LineDraft, WordDraft } from "./operations.ts";

export const tree = createSecretTree(new Uint8Array(32).fill(5));

/** Time decides; tokens decide; either; and figures that force every rounding. */
export const rates: readonly ModelRate[] = [
  { second: 10n ** 12n, prompt: 10n ** 15n, completion: 10n ** 15n },
  { second: 10n ** 15n, prompt: 10n ** 8n, completion: 2n * 10n ** 9n },
  { second: 18n * 10n ** 11n, prompt: 10n ** 9n, completion: 10n ** 10n },
  { second: 333_333_333_337n, prompt: 77_777_777n, completion: 1_234_567_891n },
];

const nobody: Figures = { ms: 0, prompt: 0, completion: 0 };

export function createSpeech(state: ModelState, holds: readonly string[]) {
  let statements = 0;
  const statementOf = (signer: string) => {
    statements += 1;
    const jws = `statement ${statements} of ${state.now}`;
    return { id: digestOf(jws), signer, jws };
  };
  /** What the worker last said of a request, for a client to have seen. */
  const said = new Map<string, Line>();

  function lineOf(hold: ModelHold, { claim, ...draft }: LineDraft): ModelLine {
    const price = priceOf(draft, hold.rate);
    return { ...draft, claim: (price * BigInt(claim)) / 100n };
  }

  function wireLine(line: ModelLine): Line {
    const revealed = tree.reveal(line.k);
    const wrong = tree.reveal((line.k % 256) + 1);
    return {
      ...revealed,
      x: line.isForged ? wrong.x : revealed.x,
      ...{ started: 1, ended: 2, first_token_ms: null, estimated: false, finish: line.finish },
      billed_ms: line.ms,
      prompt_tokens: line.prompt,
      completion_tokens: line.completion,
      cost: formatCredits(line.claim),
      ...someHashes,
    } as Line;
  }

  function wordOf(hold: ModelHold, draft: WordDraft): ModelWord {
    const { k, verdict } = draft;
    const retryOf = draft.retry && retryName(draft.retry);
    if (verdict === "not_received" || verdict === "refused")
      return { k, verdict, hash: "", bounds: nobody, retryOf };
    const line = said.get(requestName(hold.id, k));
    const share = (figure: number) => Math.floor((figure * draft.bounds) / 100);
    const bounds = line
      ? {
          ms: share(line.billed_ms),
          prompt: share(line.prompt_tokens),
          completion: share(line.completion_tokens),
        }
      : { ms: 4_000, prompt: 900, completion: 300 };
    const hash = line && draft.isLineOfWorker ? lineHash(line) : "0".repeat(43);
    return { k, verdict, hash, bounds, retryOf };
  }

  const retryName = ({ hold, k }: { hold: number; k: number }) =>
    requestName(holds[hold % holds.length]!, k);

  function wireWord({ k, verdict, hash, bounds, retryOf }: ModelWord): AcknowledgedLine {
    const relation = retryOf === undefined ? {} : { retry_of: retryOf };
    if (verdict === "not_received" || verdict === "refused") return { k, verdict, ...relation };
    return {
      ...{ k, verdict, line_hash: hash, billed_ms: bounds.ms },
      ...{ prompt_tokens: bounds.prompt, completion_tokens: bounds.completion, ...relation },
    };
  }

  return {
    receipt(hold: ModelHold, node: string, drafts: readonly LineDraft[]) {
      const lines = drafts.map((draft) => lineOf(hold, draft));
      const wire = lines.map(wireLine);
      for (const line of wire) said.set(requestName(hold.id, line.k), line);
      return { lines, body: { hold: hold.id, lines: wire }, statement: statementOf(node) };
    },
    acknowledgement(hold: ModelHold, account: string, drafts: readonly WordDraft[]) {
      const words = drafts.map((draft) => wordOf(hold, draft));
      const body = { hold: hold.id, lines: words.map(wireWord) };
      return { words, body, statement: statementOf(account) };
    },
  };
}
