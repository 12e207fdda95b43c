import { expect, test } from "vitest";
import { testModel } from "../../test/support/fake-engine/fake-engine.ts";
import type { EngineReport } from "../worker/catalogue.ts";
import { engineRows } from "./engine-table.ts";

const report = (type: string, models: EngineReport["models"], version = "1.0"): EngineReport => ({
  ...{ type, version, models, slots: 1 },
  origin: `http://127.0.0.1:${type.length}`,
});

test("each engine is named once, beside its first model", () => {
  const known = { ...testModel("qwen3:8b"), context_length: 4_096, size_bytes: 5_234_000_000 };
  const rows = engineRows([
    report("vllm", [{ ...testModel("Qwen/Qwen3-8B"), context_length: 32_768 }]),
    report("ollama", [
      { ...known, behind: "vllm" },
      { ...testModel("tiny"), loaded: false, size_bytes: 815_000 },
    ]),
  ]);
  expect(rows).toEqual([
    ["vllm 1.0", "http://127.0.0.1:4", "Qwen/Qwen3-8B", "32,768", "?", ""],
    ["ollama 1.0", "http://127.0.0.1:6", "qwen3:8b", "4,096", "5.2 GB", "if vllm fails"],
    ["", "", "tiny", "when loaded", "815 kB", ""],
  ]);
});

test("an engine without models is shown, and one without a version has none", () => {
  expect(engineRows([report("lm-studio", [], "unknown")])).toEqual([
    ["lm-studio", "http://127.0.0.1:9", "nothing to lend", "", "", ""],
  ]);
});
