/** What the doctor found, as a stranger may read it. */
import type { Finding } from "../doctor/finding.ts";
import type { Redact } from "./redactor.ts";

export interface ReportedFinding {
  check: string;
  level: string;
  code: string;
  cause?: string;
  run?: string;
}

export function reportedFinding(finding: Finding, redact: Redact): ReportedFinding {
  const { check, level, code, cause, run, isPrivate } = finding;
  if (isPrivate) return { check, level, code };
  const shown = { check, level, code, cause: redact(cause) };
  return run === undefined ? shown : { ...shown, run: redact(run) };
}
