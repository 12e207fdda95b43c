/** An account's history as CSV (RFC 4180) that a spreadsheet reads as text and numbers, never as a formula. */
import type { HistoryEntry } from "./endpoints.ts";

type Cell = string | number | null | undefined;

const columns: Record<string, (entry: HistoryEntry) => Cell> = {
  id: ({ id }) => id,
  created_at: ({ created_at }) => new Date(created_at).toISOString(),
  kind: ({ kind }) => kind,
  transaction_type: ({ transaction_type }) => transaction_type,
  amount: ({ amount }) => amount,
  description: ({ description }) => description,
  ...Object.fromEntries(
    [
      ...["from", "to", "node", "model", "state", "finish", "verdict", "disputed"],
      ...["cost", "shortfall", "commons", "multiplier"],
      ...["billed_ms", "prompt_tokens", "completion_tokens"],
    ].map((name) => [name, ({ metadata }: HistoryEntry) => metadata[name]]),
  ),
};

const number = /^-?\d+(\.\d+)?$/;

/**
 * What begins with one of these a spreadsheet may run (`=cmd|…`): a text gets an apostrophe before it, which says
 * "text". A negative amount begins with one too; it is quoted, but stays the number that it is.
 */
const formula = /^[=+\-@\t\r]/;

function cellText(value: Cell): string {
  const text = value === null || value === undefined ? "" : String(value);
  const isRisky = formula.test(text);
  const safe = isRisky && !number.test(text) ? `'${text}` : text;
  return isRisky || /[",\r\n]/.test(text) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const lineOf = (cells: Cell[]) => `${cells.map(cellText).join(",")}\r\n`;

/** The first line: the columns' names. */
export const historyCsvHeader = lineOf(Object.keys(columns));

/** A line for each entry, each with its end. */
export const historyCsvLines = (entries: readonly HistoryEntry[]): string =>
  entries.map((entry) => lineOf(Object.values(columns).map((valueOf) => valueOf(entry)))).join("");
