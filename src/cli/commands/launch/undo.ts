/** Another program's settings as they were before us, whatever has become of the file since. Pure. */
import type { Backup } from "./backup.ts";
import { takeOut } from "./edit/line-changes.ts";
import { type Language, withoutSettings } from "./edit/setting.ts";

export type Undone =
  /** Undefined: there was no file. */
  | { kind: "text"; text: string | undefined }
  /** What we wrote was changed: taking it out would take that out too. */
  | { kind: "changed" };

/** @param now undefined where the file is gone */
export function undo(
  { before, after, places }: Pick<Backup, "before" | "after" | "places">,
  now: string | undefined,
  language: Language,
): Undone {
  // Somebody who has removed the file, or has put it back, is not to find it changed again.
  if (now === undefined || now === before) return { kind: "text", text: now };
  if (now === after) return { kind: "text", text: before ?? undefined };
  const former = before ?? "";
  const text =
    takeOut(former, after, now) ??
    withoutSettings({ before: former, after, now }, places, language);
  if (text === undefined) return { kind: "changed" };
  const isBare = /^\s*(\{\s*\}\s*)?$/.test(text);
  return { kind: "text", text: before === null && isBare ? undefined : text };
}
