/**
 * One model under the names that engines give it: `qwen3:8b` at Ollama is `Qwen/Qwen3-8B` at vLLM and
 * `Qwen3-8B-Q4_K_M.gguf` at llama-server. Pure. Whoever asks for one and is given another must have got what they asked
 * for, so in doubt names do not match: another publisher's, a fine-tune's, a tag that has meant several models.
 */
import { limits } from "./limits.ts";

/** How a family is called. `SIZE` stands for `8b`, `30b-a3b` or `135m`. */
interface Family {
  /** Before the colon of an Ollama name; a bare tag means the model that follows instructions. */
  tag: string;
  /** The whole name at a hub, lower case, without publisher and quantization. */
  hub: string;
  /** Who publishes the original at a hub. */
  publisher: string;
  /** Tags that meant another model before: what stands behind one depends on when it was fetched. */
  unsettled?: readonly string[];
}

const families: readonly Family[] = [
  { tag: "qwen3", hub: "qwen3-SIZE", publisher: "qwen", unsettled: ["4b", "30b", "235b"] },
  { tag: "qwen3-coder", hub: "qwen3-coder-SIZE-instruct", publisher: "qwen" },
  { tag: "qwen3-embedding", hub: "qwen3-embedding-SIZE", publisher: "qwen" },
  { tag: "qwen2.5", hub: "qwen2.5-SIZE-instruct", publisher: "qwen" },
  { tag: "qwen2.5-coder", hub: "qwen2.5-coder-SIZE-instruct", publisher: "qwen" },
  { tag: "qwen2.5vl", hub: "qwen2.5-vl-SIZE-instruct", publisher: "qwen" },
  { tag: "qwq", hub: "qwq-SIZE", publisher: "qwen" },
  { tag: "llama3", hub: "(meta-)?llama-3-SIZE-instruct", publisher: "meta-llama" },
  { tag: "llama3.1", hub: "(meta-)?llama-3.1-SIZE-instruct", publisher: "meta-llama" },
  { tag: "llama3.2", hub: "(meta-)?llama-3.2-SIZE-instruct", publisher: "meta-llama" },
  { tag: "llama3.3", hub: "(meta-)?llama-3.3-SIZE-instruct", publisher: "meta-llama" },
  { tag: "gemma2", hub: "gemma-2-SIZE-it", publisher: "google" },
  // Without "-it" it is LM Studio's short name for the same: the other one is called "-pt".
  { tag: "gemma3", hub: "gemma-3-SIZE(-it)?", publisher: "google" },
  { tag: "gpt-oss", hub: "gpt-oss-SIZE", publisher: "openai" },
  { tag: "smollm2", hub: "smollm2-SIZE-instruct", publisher: "huggingfacetb" },
];

/** They publish other people's models unchanged, quantized. */
const quantizers = ["unsloth", "bartowski", "lmstudio-community", "ggml-org", "mlx-community"];

const size = String.raw`(?<size>\d+(\.\d+)?[bm](-a\d+(\.\d+)?b)?)`;
const quantized = [
  String.raw`i?q\d(_\w+)*`,
  String.raw`ud-i?q\d(_\w+)*`,
  String.raw`(bf|fp|f)(16|32|8|4)(-dynamic)?`,
  String.raw`mxfp4|nvfp4|awq|gguf|mlx|int[48]|w\da\d+|\d+-?bit`,
  String.raw`gptq(-int[48])?`,
].join("|");
const quantization = new RegExp(String.raw`[-:@.](${quantized})$`);
const shard = /-\d{5}-of-\d{5}$/;

const escaped = (text: string) => text.replaceAll(".", String.raw`\.`);
const patterns = families.map((family) => ({
  ...family,
  tagged: new RegExp(`^${escaped(family.tag)}:${size}(-(instruct|it))?$`),
  hubbed: new RegExp(`^${escaped(family.hub).replace("SIZE", () => size)}$`),
}));

/** `Qwen/Qwen3-8B-GGUF:Q4_K_M` → publisher `qwen`, name `qwen3-8b`. */
function parts(name: string): { publisher: string | undefined; bare: string } {
  const segments = name.toLowerCase().split("/");
  const publisher = segments.at(-2);
  let bare = segments
    .at(-1)!
    .replace(/\.gguf$/, "")
    .replace(shard, "");
  for (let before = ""; before !== bare;) {
    before = bare;
    bare = bare.replace(quantization, "");
  }
  return { publisher, bare };
}

/**
 * The same text for all names of one model, whatever its quantization; undefined where the name is not known for
 * certain, and then it is nobody's but its own.
 */
export function modelIdentity(name: string): string | undefined {
  if (name.length > limits.modelNameCharacters) return undefined;
  const { publisher, bare } = parts(name);
  for (const family of patterns) {
    const isOfficial =
      publisher === undefined || publisher === family.publisher || quantizers.includes(publisher);
    if (!isOfficial) continue;
    const match = family.tagged.exec(bare) ?? family.hubbed.exec(bare);
    const sized = match?.groups?.size;
    if (sized !== undefined && !family.unsettled?.includes(sized)) return `${family.tag}:${sized}`;
  }
  return undefined;
}

/** True where both are certain to be names of one model. */
export function isSameModel(left: string, right: string): boolean {
  if (left === right) return true;
  const identity = modelIdentity(left);
  return identity !== undefined && identity === modelIdentity(right);
}
