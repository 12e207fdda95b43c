/** What a schema says of a value from outside: what it left out of it, and where it is wrong. Pure. */
import type { z } from "zod";

/** Names what parsing left out: the first hundred, for a caller who sends thousands. */
export function noteDropped(
  name: string,
  before: unknown,
  after: unknown,
  ignored: Set<string>,
): void {
  // What a schema takes as it is, it returns as it is.
  if (before === after || typeof before !== "object" || before === null) return;
  // Bare loops: each request comes by here, and entries of each object would take several times as long.
  if (Array.isArray(before)) {
    const kept = after as readonly unknown[];
    for (let at = 0; at < before.length; at += 1) noteDropped(name, before[at], kept[at], ignored);
    return;
  }
  const kept = after as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(before)) {
    const member = (before as Readonly<Record<string, unknown>>)[key];
    if (Object.hasOwn(kept, key)) {
      if (member !== kept[key]) noteDropped(`${name}.${key}`, member, kept[key], ignored);
    } else if (member !== null && ignored.size < ignoredMost) ignored.add(`${name}.${key}`);
  }
}

const ignoredMost = 100;

type Issue = Pick<z.core.$ZodIssue, "path" | "message">;

/** Of a value that may have several shapes, the one that it came closest to tells what is wrong. */
export function closest(issue: z.core.$ZodIssue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const deepest = issue.errors
    .flatMap(([first]) => (first ? [closest(first)] : []))
    .reduce<Issue | undefined>(
      (best, next) => (next.path.length > (best?.path.length ?? 0) ? next : best),
      undefined,
    );
  if (!deepest) return issue;
  return { path: [...issue.path, ...deepest.path], message: deepest.message };
}
