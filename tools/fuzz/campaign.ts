/** Many cases, some at once, each judged. */
import type { ErrorCode } from "../../src/protocol/error-codes.ts";
import { casesFor, caseOf, type Case } from "./cases.ts";
import type { Ground } from "./ground.ts";
import { judge } from "./judge.ts";
import { sendCase } from "./send.ts";

const atOnce = 8;
/** More of them say nothing new. */
const failuresMost = 20;

export interface Failure {
  index: number;
  complaint: string;
  sent: Case;
}

export interface Findings {
  cases: number;
  codes: Map<ErrorCode, number>;
  failures: Failure[];
}

/** @param isOver asked before each case, with its number */
export async function runCampaign(
  ground: Ground,
  seed: number,
  isOver: (index: number) => boolean,
): Promise<Findings> {
  const cases = casesFor(ground.document, ground.words);
  const findings: Findings = { cases: 0, codes: new Map(), failures: [] };
  let next = 0;
  const work = async () => {
    while (!isOver(next) && findings.failures.length < failuresMost) {
      const index = next++;
      const sent = caseOf(cases, seed, index);
      const { complaint, codes } = judge(sent, await sendCase(ground, sent));
      findings.cases += 1;
      for (const code of codes) findings.codes.set(code, (findings.codes.get(code) ?? 0) + 1);
      if (complaint !== undefined) findings.failures.push({ index, complaint, sent });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return findings;
}
