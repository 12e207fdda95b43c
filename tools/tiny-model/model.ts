/** A decoder of the Llama architecture: one pass forward, one back, summing gradients. */
import { createAttention } from "./attention.ts";
import { crossEntropy } from "./cross-entropy.ts";
import { gatedUnitBackward, gatedUnitForward } from "./gated-unit.ts";
import { createMultiply } from "./gemm.ts";
import { linearBackward, linearForward } from "./linear.ts";
import type { Arena, Matrix } from "./matrix.ts";
import type { LayerParameters, Parameters } from "./parameters.ts";
import { rmsNormBackward, rmsNormForward } from "./rms-norm.ts";
import { createRotary } from "./rotary.ts";
import type { Shape } from "./shape.ts";

/** `batch` sequences of `context` tokens, one after the other, and what should follow each token. */
export interface Examples {
  readonly tokens: Int32Array;
  readonly targets: Int32Array;
}

export interface Model {
  /** Adds the mean loss's gradient to the parameters' and returns the loss. */
  learn(examples: Examples): number;
}

export function createModel(
  shape: Shape,
  batch: number,
  parameters: Parameters,
  arena: Arena,
): Model {
  const { context, width, hidden, vocabulary } = shape;
  const positions = batch * context;
  const multiply = createMultiply(arena);
  const attention = createAttention(shape, batch, multiply, arena);
  const rotary = createRotary(shape);
  const wide = (): Matrix => arena.matrix(positions, width);
  const deep = (): Matrix => arena.matrix(positions, hidden);

  /** What the forward pass leaves behind for the backward pass, layer by layer. */
  const traces = parameters.layers.map(() => ({
    input: wide(),
    normed: wide(),
    query: wide(),
    key: wide(),
    value: wide(),
    heed: attention.createHeed(),
    mixed: wide(),
    middle: wide(),
    middleNormed: wide(),
    gate: deep(),
    up: deep(),
    gated: deep(),
  }));
  type Trace = (typeof traces)[number];
  const last = wide();
  const lastNormed = wide();
  const logits = arena.matrix(positions, vocabulary);

  // Gradients: `onStream` follows the residual stream from the top to the bottom.
  const onStream = wide();
  const onNormed = wide();
  const onMixed = wide();
  const onInputs = { query: wide(), key: wide(), value: wide() };
  const [onGate, onUp, onGated] = [deep(), deep(), deep()];

  function layerForward(layer: LayerParameters, trace: Trace, output: Matrix) {
    rmsNormForward(trace.input, layer.attentionNorm, trace.normed);
    linearForward(multiply, trace.normed, layer.query, trace.query);
    linearForward(multiply, trace.normed, layer.key, trace.key);
    linearForward(multiply, trace.normed, layer.value, trace.value);
    rotary.turn(trace.query, "forward");
    rotary.turn(trace.key, "forward");
    attention.forward(trace, trace.heed, trace.mixed);
    trace.middle.values.set(trace.input.values);
    linearForward(multiply, trace.mixed, layer.output, trace.middle, "add");

    rmsNormForward(trace.middle, layer.feedNorm, trace.middleNormed);
    linearForward(multiply, trace.middleNormed, layer.gate, trace.gate);
    linearForward(multiply, trace.middleNormed, layer.up, trace.up);
    gatedUnitForward(trace.gate, trace.up, trace.gated);
    output.values.set(trace.middle.values);
    linearForward(multiply, trace.gated, layer.down, output, "add");
  }

  function layerBackward(layer: LayerParameters, trace: Trace) {
    linearBackward(multiply, trace.gated, layer.down, onStream, onGated);
    gatedUnitBackward(trace.gate, trace.up, onGated, onGate, onUp);
    linearBackward(multiply, trace.middleNormed, layer.gate, onGate, onNormed);
    linearBackward(multiply, trace.middleNormed, layer.up, onUp, onNormed, "add");
    rmsNormBackward(trace.middle, layer.feedNorm, onNormed, onStream);

    linearBackward(multiply, trace.mixed, layer.output, onStream, onMixed);
    attention.backward(trace, trace.heed, onMixed, onInputs);
    rotary.turn(onInputs.query, "backward");
    rotary.turn(onInputs.key, "backward");
    linearBackward(multiply, trace.normed, layer.query, onInputs.query, onNormed);
    linearBackward(multiply, trace.normed, layer.key, onInputs.key, onNormed, "add");
    linearBackward(multiply, trace.normed, layer.value, onInputs.value, onNormed, "add");
    rmsNormBackward(trace.input, layer.attentionNorm, onNormed, onStream);
  }

  function embed(tokens: Int32Array, into: Matrix) {
    const { values } = parameters.embedding.weight;
    tokens.forEach((token, row) =>
      into.values.set(values.subarray(token * width, (token + 1) * width), row * width),
    );
  }

  function embedBackward(tokens: Int32Array) {
    const { values } = parameters.embedding.gradient;
    tokens.forEach((token, row) => {
      for (let column = 0; column < width; column += 1) {
        const at = token * width + column;
        values[at] = values[at]! + onStream.values[row * width + column]!;
      }
    });
  }

  return {
    learn({ tokens, targets }) {
      embed(tokens, traces[0]?.input ?? last);
      parameters.layers.forEach((layer, index) =>
        layerForward(layer, traces[index]!, traces[index + 1]?.input ?? last),
      );
      rmsNormForward(last, parameters.finalNorm, lastNormed);
      linearForward(multiply, lastNormed, parameters.embedding, logits);
      const loss = crossEntropy(logits, targets);

      onStream.values.fill(0);
      linearBackward(multiply, lastNormed, parameters.embedding, logits, onNormed);
      rmsNormBackward(last, parameters.finalNorm, onNormed, onStream);
      for (let index = traces.length - 1; index >= 0; index -= 1)
        layerBackward(parameters.layers[index]!, traces[index]!);
      embedBackward(tokens);
      return loss;
    },
  };
}
