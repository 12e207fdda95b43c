import { expect, test } from "vitest";
import { isSameModel, modelIdentity } from "./model-names.ts";

const sameModels: [string, string[]][] = [
  [
    "qwen3:8b",
    [
      ...["Qwen/Qwen3-8B", "qwen/qwen3-8b", "qwen3-8b", "Qwen/Qwen3-8B-FP8", "Qwen/Qwen3-8B-AWQ"],
      ...["qwen3:8b-q4_K_M", "Qwen3-8B-Q4_K_M.gguf", "unsloth/Qwen3-8B-GGUF:UD-Q4_K_XL"],
      ...["hf.co/bartowski/Qwen3-8B-GGUF:IQ4_XS", "mlx-community/Qwen3-8B-4bit", "qwen3-8b@q8_0"],
      "Qwen3-8B-BF16-00001-of-00002.gguf",
    ],
  ],
  [
    "llama3.1:8b",
    [
      ...["meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Meta-Llama-3.1-8B-Instruct"],
      ...["llama3.1:8b-instruct-q8_0", "Meta-Llama-3.1-8B-Instruct-Q4_K_M.gguf"],
      ...["meta-llama-3.1-8b-instruct", "lmstudio-community/Meta-Llama-3.1-8B-Instruct-GGUF"],
    ],
  ],
  ["gemma3:4b", ["google/gemma-3-4b-it", "google/gemma-3-4b", "gemma-3-4b-it-Q8_0.gguf"]],
  ["gpt-oss:20b", ["openai/gpt-oss-20b", "gpt-oss-20b-MXFP4.gguf"]],
  ["qwen2.5vl:7b", ["Qwen/Qwen2.5-VL-7B-Instruct", "Qwen/Qwen2.5-VL-7B-Instruct-GPTQ-Int4"]],
  ["qwen3-coder:30b-a3b", ["Qwen/Qwen3-Coder-30B-A3B-Instruct"]],
];

test.each(sameModels)("%s is the same model as its other names", (name, others) => {
  expect(others.filter((other) => !isSameModel(name, other))).toEqual([]);
});

const inDoubt: [string, string, string][] = [
  ["another size", "qwen3:8b", "Qwen/Qwen3-14B"],
  ["another generation", "qwen3:8b", "Qwen/Qwen2.5-8B-Instruct"],
  ["the base model", "qwen3:8b", "Qwen/Qwen3-8B-Base"],
  ["a base model that has the family's plain name", "llama3.1:8b", "meta-llama/Llama-3.1-8B"],
  ["the base model of Gemma", "gemma3:4b", "google/gemma-3-4b-pt"],
  ["a later release under its date", "qwen3:8b", "Qwen/Qwen3-8B-2507"],
  ["somebody's own weights under the same name", "qwen3:8b", "stranger/Qwen3-8B"],
  ["the same from a hub, by Ollama", "qwen3:8b", "hf.co/stranger/Qwen3-8B-GGUF:Q8_0"],
  ["a fine-tune", "qwen3:8b", "Qwen3-8B-abliterated-Q4_K_M.gguf"],
  ["a distillation", "qwen3:8b", "DeepSeek-R1-0528-Qwen3-8B"],
  ["weights that were trained for their quantization", "gemma3:4b", "gemma3:4b-it-qat"],
  ["a tag that means whatever is newest", "qwen3:8b", "qwen3:latest"],
  ["a tag that has meant two models", "qwen3:4b", "Qwen/Qwen3-4B"],
  ["a coder", "qwen2.5:7b", "Qwen/Qwen2.5-Coder-7B-Instruct"],
  ["another publisher's folder", "qwen3:8b", "evil/unsloth/../x/Qwen3-8B"],
];

test.each(inDoubt)("%s is another model", (_, left, right) => {
  expect(isSameModel(left, right)).toBe(false);
  expect(isSameModel(right, left)).toBe(false);
});

test("a name that no table knows is nobody's but its own", () => {
  expect(modelIdentity("my-model")).toBeUndefined();
  expect(isSameModel("my-model", "my-model")).toBe(true);
  expect(isSameModel("my-model", "My-Model")).toBe(false);
});

test("a name that is longer than any model's is nobody's", () => {
  expect(modelIdentity(`qwen3:8b${"-q4_k".repeat(49)}`)).toBe("qwen3:8b");
  expect(modelIdentity(`qwen3:8b${"-q4_k".repeat(50)}`)).toBeUndefined();
});
