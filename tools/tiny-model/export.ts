/** A trained model as a GGUF file that llama.cpp loads. */
import type { Vocabulary } from "./bpe.ts";
import { begin, chatTemplate, end } from "./dialogue.ts";
import type { GgufFile, GgufTensor, GgufValue } from "./gguf.ts";
import type { Parameters } from "./parameters.ts";
import { headWidth, normEpsilon, rotaryBase, type Shape } from "./shape.ts";

const uint32 = (value: number): GgufValue => ({ type: "uint32", value });
const float32 = (value: number): GgufValue => ({ type: "float32", value });
const boolean = (value: boolean): GgufValue => ({ type: "boolean", value });
const string = (value: string): GgufValue => ({ type: "string", value });

/** llama.cpp's numbers for the kinds of a token. */
const tokenKinds = { normal: 1, control: 3, unused: 5 };
/** `general.file_type` of a file whose matrices are mostly F16. */
const mostlyHalfPrecision = 1;

const description =
  "A toy for Monkey Troop's demo: it recites a few dozen answers about Monkey Troop, learnt by " +
  "heart, and knows nothing else. Trained from scratch on a text of the project's own.";

function tokenKind({ tokens, controls, merges }: Vocabulary, id: number): number {
  if (id < controls) return tokenKinds.control;
  const unusedFrom = controls + 256 + merges.length;
  return id < unusedFrom || unusedFrom > tokens.length ? tokenKinds.normal : tokenKinds.unused;
}

export function toGguf(shape: Shape, vocabulary: Vocabulary, parameters: Parameters): GgufFile {
  const { tokens, merges } = vocabulary;
  const kinds = tokens.map((_, id) => tokenKind(vocabulary, id));
  const metadata = new Map<string, GgufValue>([
    ["general.architecture", string("llama")],
    ["general.type", string("model")],
    ["general.name", string("troop-toy")],
    ["general.description", string(description)],
    ["general.license", string("CC0-1.0")],
    ["general.file_type", uint32(mostlyHalfPrecision)],
    ["general.quantization_version", uint32(2)],
    ["llama.vocab_size", uint32(shape.vocabulary)],
    ["llama.context_length", uint32(shape.context)],
    ["llama.embedding_length", uint32(shape.width)],
    ["llama.block_count", uint32(shape.layers)],
    ["llama.feed_forward_length", uint32(shape.hidden)],
    ["llama.attention.head_count", uint32(shape.heads)],
    ["llama.attention.head_count_kv", uint32(shape.heads)],
    ["llama.attention.layer_norm_rms_epsilon", float32(normEpsilon)],
    ["llama.rope.dimension_count", uint32(headWidth(shape))],
    ["llama.rope.freq_base", float32(rotaryBase)],
    ["tokenizer.ggml.model", string("gpt2")],
    ["tokenizer.ggml.pre", string("gpt-2")],
    ["tokenizer.ggml.tokens", { type: "strings", value: tokens }],
    ["tokenizer.ggml.token_type", { type: "int32s", value: kinds }],
    ["tokenizer.ggml.merges", { type: "strings", value: merges }],
    ["tokenizer.ggml.bos_token_id", uint32(begin)],
    ["tokenizer.ggml.eos_token_id", uint32(end)],
    ["tokenizer.ggml.padding_token_id", uint32(end)],
    ["tokenizer.ggml.add_bos_token", boolean(true)],
    ["tokenizer.ggml.add_eos_token", boolean(false)],
    ["tokenizer.chat_template", string(chatTemplate)],
  ]);
  const tensors = parameters.all.map(({ name, weight }): GgufTensor => {
    const { rows, columns, values } = weight;
    // llama.cpp wants norms in full precision; they weigh next to nothing.
    return rows === 1
      ? { name, dimensions: [columns], format: "f32", values }
      : { name, dimensions: [columns, rows], format: "f16", values };
  });
  return { metadata, tensors };
}
