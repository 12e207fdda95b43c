import { expect, test } from "vitest";
import type { HistoryEntry } from "./endpoints.ts";
import { historyCsvHeader, historyCsvLines } from "./history-csv.ts";

const entry: HistoryEntry = {
  id: "1",
  user_id: "me",
  amount: "-12.400000",
  transaction_type: "debit",
  kind: "gift",
  description: "thanks",
  metadata: { from: "me", to: "you" },
  created_at: Date.UTC(2026, 0, 2, 3, 4, 5, 6),
};
const cellOf = (description: string) =>
  historyCsvLines([{ ...entry, description }])
    .split("-12.400000")[1]!
    .slice(2);

test("each line has a cell for each column and ends as RFC 4180 says", () => {
  const line = historyCsvLines([entry]);
  expect(line).toBe(
    `1,2026-01-02T03:04:05.006Z,gift,debit,"-12.400000",thanks,me,you,,,,,,,,,,,,,\r\n`,
  );
  expect(line.split(",")).toHaveLength(historyCsvHeader.split(",").length);
  expect(historyCsvHeader).toMatch(/^id,created_at,.*\r\n$/);
});

test.each([
  [`=cmd|' /C calc'!A0`, `"'=cmd|' /C calc'!A0",`],
  ["+1+1", `"'+1+1",`],
  ["-1+1", `"'-1+1",`],
  ["@SUM(A1)", `"'@SUM(A1)",`],
  [`=HYPERLINK("x","y")`, `"'=HYPERLINK(""x"",""y"")",`],
  ["-5", `"-5",`],
  ["a, b", `"a, b",`],
  [`say "hi"`, `"say ""hi""",`],
  ["two\r\nlines", `"two\r\nlines",`],
  ["a=b", "a=b,"],
])("%j is written so that it is read as what it says", (description, cell) => {
  expect(cellOf(description).startsWith(cell)).toBe(true);
});
