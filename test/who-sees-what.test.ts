/** What is promised about privacy is promised in the same words wherever it stands. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "./house-rules/source-files.ts";

const tableIn = (path: string): string[] => {
  const lines = readFileSync(join(repository, path), "utf8").split("\n");
  const begin = lines.indexOf("| who | sees |");
  const end = lines.findIndex((line, index) => index > begin && !line.startsWith("|"));
  return begin < 0 ? [] : lines.slice(begin, end);
};

test("README.md, SECURITY.md and the threat model have one table of who sees what", () => {
  const [table, ...others] = ["README.md", "SECURITY.md", "docs/threat-model.md"].map(tableIn);
  expect(table!.length).toBeGreaterThan(5);
  for (const other of others) expect(other).toEqual(table);
});
