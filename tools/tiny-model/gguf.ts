/**
 * GGUF, version 3: the file format of llama.cpp's models, as far as this model needs it.
 * Layout: header, metadata, one description for each tensor, padding, data; all little-endian.
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */

export type GgufValue =
  | { readonly type: "uint32"; readonly value: number }
  | { readonly type: "float32"; readonly value: number }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "strings"; readonly value: readonly string[] }
  | { readonly type: "int32s"; readonly value: readonly number[] };

export interface GgufTensor {
  readonly name: string;
  /** The fastest-running dimension first: a matrix of 3 rows and 5 columns is `[5, 3]`. */
  readonly dimensions: readonly number[];
  readonly format: "f32" | "f16";
  readonly values: Float32Array;
}

export interface GgufFile {
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
}

export const ggufMagic = "GGUF";
export const ggufVersion = 3;
/** The format's default for `general.alignment`. */
const ggufAlignment = 32;
export const valueCodes = { uint32: 4, int32: 5, float32: 6, boolean: 7, string: 8, array: 9 };
export const tensorCodes = { f32: 0, f16: 1 };
export const bytesPerValue = { f32: 4, f16: 2 };

export const roundUpToAlignment = (length: number): number =>
  Math.ceil(length / ggufAlignment) * ggufAlignment;
