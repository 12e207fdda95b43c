/** How tests run: `vitest run` for the usual ones, `vitest run --mode long` for those that take minutes. */
import { defineConfig } from "vitest/config";
import { closingLine } from "./tools/closing-line-reporter.ts";

const folders = "{src,test,tools,bench}";

export default defineConfig(({ mode }) => ({
  test: {
    environment: "node",
    include: mode === "long" ? [`${folders}/**/*.long.test.ts`] : [`${folders}/**/*.test.ts`],
    exclude: mode === "long" ? [] : ["**/*.long.test.ts"],
    reporters: ["default", closingLine({ failSkipped: process.env["CI"] === "true" })],
    // Processes, not threads: tests kill, leak and crash things. Two, because that is what a small runner has.
    pool: "forks",
    maxWorkers: 2,
    // Timings live in benchmarks. These limits only end what hangs, on a machine however slow.
    testTimeout: mode === "long" ? 600_000 : 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
  },
}));
