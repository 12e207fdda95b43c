/** The weights of a Llama model, under the names that llama.cpp looks for. */
import type { Arena, Matrix } from "./matrix.ts";
import type { SeededRandom } from "./seeded-random.ts";
import type { Shape } from "./shape.ts";

export interface Parameter {
  readonly name: string;
  /** One row for each output; a norm's gains are a single row. */
  readonly weight: Matrix;
  /** Summed by the backward pass, cleared by the optimizer. */
  readonly gradient: Matrix;
}

export interface LayerParameters {
  readonly attentionNorm: Parameter;
  readonly query: Parameter;
  readonly key: Parameter;
  readonly value: Parameter;
  readonly output: Parameter;
  readonly feedNorm: Parameter;
  readonly gate: Parameter;
  readonly up: Parameter;
  readonly down: Parameter;
}

export interface Parameters {
  /** Also the output projection: the two are tied, which halves the file. */
  readonly embedding: Parameter;
  readonly layers: readonly LayerParameters[];
  readonly finalNorm: Parameter;
  /** All of the above, in the order of the file. */
  readonly all: readonly Parameter[];
}

const embeddingDeviation = 0.05;

export function createParameters(shape: Shape, arena: Arena, random: SeededRandom): Parameters {
  const { vocabulary, width, hidden } = shape;
  const all: Parameter[] = [];

  function create(name: string, rows: number, columns: number, initial: () => number): Parameter {
    const [weight, gradient] = [arena.matrix(rows, columns), arena.matrix(rows, columns)];
    weight.values.forEach((_, index) => (weight.values[index] = initial()));
    const parameter = { name: `${name}.weight`, weight, gradient };
    all.push(parameter);
    return parameter;
  }

  const gains = (name: string) => create(name, 1, width, () => 1);
  const projection = (name: string, outputs: number, inputs: number, scale = 1) => {
    const deviation = scale / Math.sqrt(inputs);
    return create(name, outputs, inputs, () => random.normal() * deviation);
  };

  // What is added to the residual stream starts smaller the more layers add to it (GPT-2).
  const residualScale = 1 / Math.sqrt(2 * shape.layers);
  const embedding = create("token_embd", vocabulary, width, () => {
    return random.normal() * embeddingDeviation;
  });
  const layers = Array.from({ length: shape.layers }, (_, index): LayerParameters => {
    const name = (part: string) => `blk.${index}.${part}`;
    return {
      attentionNorm: gains(name("attn_norm")),
      query: projection(name("attn_q"), width, width),
      key: projection(name("attn_k"), width, width),
      value: projection(name("attn_v"), width, width),
      output: projection(name("attn_output"), width, width, residualScale),
      feedNorm: gains(name("ffn_norm")),
      gate: projection(name("ffn_gate"), hidden, width),
      up: projection(name("ffn_up"), hidden, width),
      down: projection(name("ffn_down"), width, hidden, residualScale),
    };
  });
  const finalNorm = gains("output_norm");
  return { embedding, layers, finalNorm, all };
}
