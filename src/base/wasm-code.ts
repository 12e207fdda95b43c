/**
 * Just enough of a WebAssembly assembler for two kernels of matrix products: instructions as bytes that nest like the
 * text format does. Opcodes: WebAssembly core specification 2.0, "Index of Instructions".
 */

export type Code = readonly number[];

const valueTypes = { i32: 0x7f, v128: 0x7b } as const;
const noResult = 0x40;
const end = 0x0b;

/** Unsigned LEB128. */
function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** Signed LEB128 of a number that is not negative: one more bit than unsigned needs. */
function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x3f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** All accesses are to four-byte values and aligned to them. */
const memoryOperand = (offset: number): Code => [2, ...unsigned(offset)];

export const integer = (value: number): Code => [0x41, ...signed(value)];
export const add = (left: Code, right: Code): Code => [...left, ...right, 0x6a];
export const subtract = (left: Code, right: Code): Code => [...left, ...right, 0x6b];
export const multiply = (left: Code, right: Code): Code => [...left, ...right, 0x6c];
export const isBelow = (left: Code, right: Code): Code => [...left, ...right, 0x49];

export const loadFloat = (address: Code): Code => [...address, 0x2a, ...memoryOperand(0)];
export const storeFloat = (address: Code, value: Code, offset: number): Code => [
  ...address,
  ...value,
  0x38,
  ...memoryOperand(offset),
];

const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];
export const loadVector = (address: Code, offset: number): Code => [
  ...address,
  ...simd(0),
  ...memoryOperand(offset),
];
/** Four times the same four bytes. */
export const loadSplat = (address: Code, offset = 0): Code => [
  ...address,
  ...simd(9),
  ...memoryOperand(offset),
];
export const storeVector = (address: Code, value: Code, offset: number): Code => [
  ...address,
  ...value,
  ...simd(11),
  ...memoryOperand(offset),
];
export const zeroVector: Code = [...simd(12), ...Array.from({ length: 16 }, () => 0)];
export const addFloats = (left: Code, right: Code): Code => [...left, ...right, ...simd(0xe4)];
export const multiplyFloats = (left: Code, right: Code): Code => [...left, ...right, ...simd(0xe6)];

export const addIntegers = (left: Code, right: Code): Code => [...left, ...right, ...simd(0xae)];
/** Eight products of 16-bit integers, added in pairs to four of 32 bits. */
export const dotPairs = (left: Code, right: Code): Code => [...left, ...right, ...simd(0xba)];

/** Runs `body` and again for as long as `condition` holds after it. */
export const repeatWhile = (condition: Code, ...body: Code[]): Code => [
  ...[0x03, noResult],
  ...body.flat(),
  ...condition,
  ...[0x0d, 0],
  end,
];
export const choose = (condition: Code, then: Code[], otherwise: Code[]): Code => [
  ...condition,
  ...[0x04, noResult],
  ...then.flat(),
  0x05,
  ...otherwise.flat(),
  end,
];

/** A function's variables by name: first its parameters, then its other integers, then vectors. */
export function declareLocals(
  parameters: readonly string[],
  integers: readonly string[],
  vectors: readonly string[],
) {
  const names = [...parameters, ...integers, ...vectors];
  const place = (name: string): Code => {
    const index = names.indexOf(name);
    if (index < 0) throw new Error(`no local named ${name}`);
    return unsigned(index);
  };
  return {
    get: (name: string): Code => [0x20, ...place(name)],
    set: (name: string, value: Code): Code => [...value, 0x21, ...place(name)],
    parameterCount: parameters.length,
    declarations: [
      ...[2, ...unsigned(integers.length), valueTypes.i32],
      ...[...unsigned(vectors.length), valueTypes.v128],
    ],
  };
}

const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const text = (value: string): Code => sized([...new TextEncoder().encode(value)]);
const section = (id: number, content: Code): Code => [id, ...sized([1, ...content])];

/** A module that imports `env.memory` and exports one function of integers as `run`. */
export function assembleModule(locals: ReturnType<typeof declareLocals>, body: Code): Uint8Array {
  const parameterTypes = Array.from({ length: locals.parameterCount }, () => valueTypes.i32);
  return new Uint8Array([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [0x60, ...sized(parameterTypes), 0]),
    ...section(2, [...text("env"), ...text("memory"), 0x02, 0x00, 1]),
    ...section(3, [0]),
    ...section(7, [...text("run"), 0x00, 0]),
    ...section(10, sized([...locals.declarations, ...body, end])),
  ]);
}
