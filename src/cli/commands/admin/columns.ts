/** What operators' lists share: their flags, how they show times, and where they go on. */
import { shellWord } from "../../../host/shell-word.ts";
import type { Output } from "../../output.ts";

export interface PageFlags {
  limit: string;
  cursor?: string;
}

export const shownTime = (ms: number | null): string =>
  ms === null ? "" : new Date(ms).toISOString().slice(0, 16).replace("T", " ");

/** @param command that printed the page */
export function sayNext({ say, dim }: Output, command: string, cursor: string | null): void {
  if (cursor) say(dim(`older ones: ${command} --cursor ${shellWord(cursor)}`));
}
