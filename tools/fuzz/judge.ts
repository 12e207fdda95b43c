/** Whether what came back is what the documents say may come back. Pure. */
import { errorAnswer } from "../../src/protocol/endpoints.ts";
import { errorCodes, isErrorCode, type ErrorCode } from "../../src/protocol/error-codes.ts";
import type { Case } from "./cases.ts";
import type { Outcome } from "./send.ts";

export interface Verdict {
  /** What is wrong with it; undefined where nothing is. */
  complaint: string | undefined;
  /** Of the answer itself, and of what it says of statements and lines. */
  codes: ErrorCode[];
}

/** Of 5xx only these may come, whatever is sent. Not `timeout`: a call that hangs is told so, and hangs all the same. */
const allowedFaults: ReadonlySet<ErrorCode> = new Set([
  "ledger_unavailable",
  "no_nodes_available",
  "node_unreachable",
  "busy",
  "draining",
]);

const firstLine = /^HTTP\/1\.1 (\d{3}) /;

export function judge(sent: Case, outcome: Outcome): Verdict {
  if (outcome === undefined) return complain("no end came");
  if (outcome === "") return complain(mayBeSilent(sent) ? undefined : "no answer came");
  const [head = "", body = ""] = outcome.split(/\r\n\r\n([^]*)/);
  const status = Number(firstLine.exec(head)?.[1]);
  if (!status) return complain("what came is no answer");
  if (status < 400) return { complaint: undefined, codes: codesWithin(body) };
  if (body === "" && status < 500 && isHead(sent)) return complain(undefined);
  if (body === "") return complain(`a bare ${status}`);
  const parsed = errorAnswer.safeParse(jsonOf(body));
  if (!parsed.success) return complain(`a ${status} that is not our error object`);
  const { code } = parsed.data.error;
  if (!isErrorCode(code)) return complain(`the unknown code ${code}`);
  if (errorCodes[code].status !== status) return complain(`${code} with status ${status}`);
  if (status >= 500 && !allowedFaults.has(code)) return complain(`a ${status} ${code}`);
  if (!/^x-request-id: /im.test(head)) return complain("an error without a request id");
  return { complaint: undefined, codes: [code] };
}

const complain = (complaint: string | undefined): Verdict => ({ complaint, codes: [] });

/** Who leaves, or sends half of something, may hear nothing. */
const mayBeSilent = (sent: Case): boolean => sent.kind === "raw" && sent.ending !== "wait";

/** Its answer has no body. */
const isHead = (sent: Case): boolean =>
  sent.kind === "raw" ? sent.pieces.join("").startsWith("HEAD ") : sent.method === "HEAD";

/** Statements and lines have codes of their own in an answer that is 200. */
function codesWithin(body: string): ErrorCode[] {
  const { outcomes } = (jsonOf(body) ?? {}) as {
    outcomes?: { code?: string; lines?: { outcome?: string }[] }[];
  };
  if (!Array.isArray(outcomes)) return [];
  return outcomes
    .flatMap(({ code, lines = [] }) => [code, ...lines.map(({ outcome }) => outcome)])
    .filter(isErrorCode);
}

/** @param text a body as it came, which may be in a chunk with its length */
function jsonOf(text: string): unknown {
  const object = text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1);
  try {
    return JSON.parse(Buffer.from(object, "latin1").toString());
  } catch {
    return undefined;
  }
}
