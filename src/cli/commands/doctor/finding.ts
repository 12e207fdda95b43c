/** What the doctor finds: how it stands with one thing, why, and the one command that mends it. */
export const checkNames = [
  "node",
  "clock",
  "coordinator",
  "account",
  "engines",
  "exposure",
  "gpu",
  "mesh",
  "disk",
  "permissions",
  "ports",
  "roles",
] as const;
export type CheckName = (typeof checkNames)[number];

export type Level = "ok" | "warning" | "problem";

/** What `--fix` may do: nothing that could cost anybody anything. */
export type Mend =
  | { kind: "chmod"; path: string; mode: number }
  | { kind: "mkdir"; path: string }
  | { kind: "remove"; path: string };

export interface Finding {
  check: CheckName;
  level: Level;
  /** The reason, for programs. */
  code: string;
  cause: string;
  /** One command; absent where all is well. */
  run?: string;
  mends?: readonly Mend[];
}

/** Findings of one check, less its name. */
export type Found = Omit<Finding, "check">;

export const ok = (code: string, cause: string): Found => ({ level: "ok", code, cause });
export const warning = (code: string, cause: string, run: string): Found => ({
  ...{ level: "warning", code, cause, run },
});
export const problem = (code: string, cause: string, run: string): Found => ({
  ...{ level: "problem", code, cause, run },
});
