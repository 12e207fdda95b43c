/**
 * Answers with a model file, one token at a time, without WebAssembly and apart from the trainer's
 * code: if the two disagree on the architecture or on the file, the answers show it.
 */
import { createTokenizer, type Tokenizer } from "./bpe.ts";
import { controlTokens, end } from "./dialogue.ts";
import type { GgufFile } from "./gguf.ts";
import { normEpsilon, rotaryBase } from "./shape.ts";

export interface LoadedModel {
  readonly tokenizer: Tokenizer;
  /** The likeliest continuation of `prompt`, up to the end token or `limit` tokens. */
  complete(prompt: readonly number[], limit?: number): number[];
}

type Vector = Float32Array;

/** Four sums side by side, because each addition must wait for the one before it. */
function product(matrix: Vector, input: Vector): Vector {
  const output = new Float32Array(matrix.length / input.length);
  for (let row = 0; row < output.length; row += 1) {
    const from = row * input.length;
    let [first, second, third, fourth] = [0, 0, 0, 0];
    for (let column = 0; column < input.length; column += 4) {
      first += matrix[from + column]! * input[column]!;
      second += matrix[from + column + 1]! * input[column + 1]!;
      third += matrix[from + column + 2]! * input[column + 2]!;
      fourth += matrix[from + column + 3]! * input[column + 3]!;
    }
    output[row] = first + second + third + fourth;
  }
  return output;
}

function normed(input: Vector, gains: Vector): Vector {
  const mean = input.reduce((sum, value) => sum + value * value, 0) / input.length;
  const scale = 1 / Math.sqrt(mean + normEpsilon);
  return input.map((value, index) => value * scale * gains[index]!);
}

const plus = (left: Vector, right: Vector): Vector =>
  left.map((value, index) => value + right[index]!);

function turned(input: Vector, position: number, depth: number): Vector {
  const output = new Float32Array(input.length);
  for (let at = 0; at < input.length; at += 2) {
    const angle = position * rotaryBase ** (-(at % depth) / depth);
    const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
    output[at] = input[at]! * cosine - input[at + 1]! * sine;
    output[at + 1] = input[at]! * sine + input[at + 1]! * cosine;
  }
  return output;
}

/** What a head makes of the past: keys are matched, values averaged. */
function attend(query: Vector, keys: Vector[], values: Vector[], depth: number): Vector {
  const mixed = new Float32Array(query.length);
  for (let from = 0; from < query.length; from += depth) {
    const scores = keys.map((key) => {
      let score = 0;
      for (let at = from; at < from + depth; at += 1) score += query[at]! * key[at]!;
      return score / Math.sqrt(depth);
    });
    const largest = Math.max(...scores);
    const powers = scores.map((score) => Math.exp(score - largest));
    const sum = powers.reduce((total, power) => total + power, 0);
    values.forEach((value, position) => {
      const share = powers[position]! / sum;
      for (let at = from; at < from + depth; at += 1) mixed[at] = mixed[at]! + share * value[at]!;
    });
  }
  return mixed;
}

function indexOfLargest(values: Vector): number {
  let best = 0;
  for (let index = 1; index < values.length; index += 1)
    if (values[index]! > values[best]!) best = index;
  return best;
}

export function loadModel({ metadata, tensors }: GgufFile): LoadedModel {
  const number = (key: string): number => {
    const entry = metadata.get(`llama.${key}`);
    if (entry?.type !== "uint32") throw new Error(`the model does not state its ${key}`);
    return entry.value;
  };
  const strings = (key: string): readonly string[] => {
    const entry = metadata.get(`tokenizer.ggml.${key}`);
    if (entry?.type !== "strings") throw new Error(`the model does not list its ${key}`);
    return entry.value;
  };
  const weightsByName = new Map(tensors.map(({ name, values }) => [name, values]));
  const weights = (name: string): Vector => {
    const values = weightsByName.get(`${name}.weight`);
    if (values === undefined) throw new Error(`the model has no ${name}`);
    return values;
  };
  const [width, context] = [number("embedding_length"), number("context_length")];
  const depth = width / number("attention.head_count");
  if (width % 4 !== 0 || number("feed_forward_length") % 4 !== 0)
    throw new Error("widths must be multiples of four");
  const tokenizer = createTokenizer({
    tokens: strings("tokens"),
    controls: controlTokens.length,
    merges: strings("merges"),
  });

  /** Feeds tokens in order; each call returns the logits of what follows. */
  function createReader() {
    const layers = Array.from({ length: number("block_count") }, (_, index) => ({
      weight: (part: string) => weights(`blk.${index}.${part}`),
      keys: [] as Vector[],
      values: [] as Vector[],
    }));
    return (token: number, position: number): Vector => {
      let stream: Vector = weights("token_embd").slice(token * width, (token + 1) * width);
      for (const { weight, keys, values } of layers) {
        const input = normed(stream, weight("attn_norm"));
        keys.push(turned(product(weight("attn_k"), input), position, depth));
        values.push(product(weight("attn_v"), input));
        const query = turned(product(weight("attn_q"), input), position, depth);
        const mixed = attend(query, keys, values, depth);
        stream = plus(stream, product(weight("attn_output"), mixed));

        const middle = normed(stream, weight("ffn_norm"));
        const up = product(weight("ffn_up"), middle);
        const gate = product(weight("ffn_gate"), middle);
        const gated = gate.map((x, index) => (x / (1 + Math.exp(-x))) * up[index]!);
        stream = plus(stream, product(weight("ffn_down"), gated));
      }
      return product(weights("token_embd"), normed(stream, weights("output_norm")));
    };
  }

  return {
    tokenizer,
    complete(prompt, limit = context) {
      const read = createReader();
      const answer: number[] = [];
      let position = 0;
      let logits: Vector = new Float32Array();
      for (const token of prompt) logits = read(token, position++);
      while (answer.length < limit && position < context) {
        const token = indexOfLargest(logits);
        if (token === end) break;
        answer.push(token);
        logits = read(token, position++);
      }
      return answer;
    },
  };
}
