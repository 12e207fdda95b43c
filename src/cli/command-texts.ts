/** What the declarations of commands share: how examples look, and how values are read. */
import { InvalidArgumentError } from "commander";
import { limits } from "../protocol/limits.ts";

export const example = (...lines: string[]) =>
  `\nExample${lines.length > 1 ? "s" : ""}:\n${lines.map((line) => `  $ ${line}`).join("\n")}`;

/** Refused here, where the flag can be named, rather than by the coordinator. */
export function pageSize(text: string): string {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= limits.pageMost) return text;
  throw new InvalidArgumentError(`It takes a number from 1 to ${limits.pageMost}.`);
}
