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
  "settings",
  "ports",
  "roles",
] as const;
export type CheckName = (typeof checkNames)[number];

export type Level = "ok" | "warning" | "problem";

/** What `--fix` may do: nothing that could cost anybody anything. */
export type Mend =
  /** `owner`: the user id that it belongs to, or it is left alone. */
  | { kind: "chmod"; path: string; mode: number; owner: number }
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
  /** It says what others have said, or what the owner decided: in a report its code is enough. */
  isPrivate?: true;
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
