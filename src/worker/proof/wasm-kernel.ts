/**
 * The inner loops of an exact integer matrix product in WebAssembly SIMD: 16-bit factors, 32-bit sums, eight products
 * an instruction, twice what 32-bit floats give. Plain SIMD only: relaxed instructions may differ by processor.
 *
 * Both operands come packed, so that each is read in order. Depths go in pairs, since one instruction adds two
 * products. A *strip* is four rows of the left operand: for each pair 4 × 2 values. A *panel* is eight columns of the
 * right one: for each pair 8 × 2 values. Strips follow one another, and so do panels.
 */
import {
  add,
  addIntegers,
  assembleModule,
  choose,
  type Code,
  declareLocals,
  dotPairs,
  integer,
  loadSplat,
  loadVector,
  multiply,
  repeatWhile,
  storeVector,
  subtract,
  zeroVector,
} from "../../base/wasm-code.ts";
import { type WasmMemory, webAssembly } from "../../base/web-assembly.ts";

/** Their sums stay in eight vector registers; x64 has sixteen. */
export const stripRows = 4;
export const panelColumns = 8;
/** Pairs in one turn of the innermost loop, so that counting costs little. */
const unrolled = 4;

const vectorBytes = 16;
const stripPairBytes = stripRows * 4;
const panelPairBytes = panelColumns * 4;
const rowsOfTile = [0, 1, 2, 3];
const halvesOfRow = [0, 1];

const locals = declareLocals(
  ["left", "right", "result", "resultRow", "pairs", "strips", "panels", "accumulate"],
  ["strip", "panel", "from", "to", "tile", "remaining"],
  [
    ...["splat", "low", "high"],
    ...rowsOfTile.flatMap((row) => halvesOfRow.map((half) => `sum${row}${half}`)),
  ],
);
const { get, set } = locals;
const advance = (name: string, by: Code): Code => set(name, add(get(name), by));
const countDown = (name: string): Code => set(name, subtract(get(name), integer(1)));

const eachSum = (make: (sum: string, address: Code, offset: number) => Code): Code =>
  rowsOfTile.flatMap((row) => {
    const address = add(get("tile"), multiply(get("resultRow"), integer(row)));
    return halvesOfRow.flatMap((half) => make(`sum${row}${half}`, address, half * vectorBytes));
  });

/** Two steps along the depth: every sum of the tile gains two products. */
const gainPair = (pair: number): Code => [
  ...set("low", loadVector(get("to"), pair * panelPairBytes)),
  ...set("high", loadVector(get("to"), pair * panelPairBytes + vectorBytes)),
  ...rowsOfTile.flatMap((row) => [
    ...set("splat", loadSplat(get("from"), pair * stripPairBytes + row * 4)),
    ...halvesOfRow.flatMap((half) => {
      const products = dotPairs(get("splat"), get(half === 0 ? "low" : "high"));
      return set(`sum${row}${half}`, addIntegers(get(`sum${row}${half}`), products));
    }),
  ]),
];

const computeTile: Code = [
  ...choose(
    get("accumulate"),
    [eachSum((sum, address, offset) => set(sum, loadVector(address, offset)))],
    [eachSum((sum) => set(sum, zeroVector))],
  ),
  ...set("to", get("right")),
  ...set("remaining", get("pairs")),
  ...repeatWhile(
    get("remaining"),
    ...Array.from({ length: unrolled }, (_, pair) => gainPair(pair)),
    advance("from", integer(unrolled * stripPairBytes)),
    advance("to", integer(unrolled * panelPairBytes)),
    set("remaining", subtract(get("remaining"), integer(unrolled))),
  ),
  ...eachSum((sum, address, offset) => storeVector(address, get(sum), offset)),
];

const kernel: Code = [
  ...set("panel", get("panels")),
  ...repeatWhile(
    get("panel"),
    set("from", get("left")),
    set("tile", get("result")),
    set("strip", get("strips")),
    repeatWhile(
      get("strip"),
      computeTile,
      advance("tile", multiply(get("resultRow"), integer(stripRows))),
      countDown("strip"),
    ),
    set("right", get("to")),
    advance("result", integer(panelColumns * 4)),
    countDown("panel"),
  ),
];

export interface KernelCall {
  /** Addresses, in bytes. */
  left: number;
  right: number;
  result: number;
  /** From one row of the result to the next, in bytes. */
  resultRowBytes: number;
  /** Half the depth; a multiple of four. */
  pairs: number;
  strips: number;
  panels: number;
  /** Whether the products are added to what the result holds. */
  isMore: boolean;
}

export function createKernel(memory: WasmMemory): (call: KernelCall) => void {
  const module = new webAssembly.Module(assembleModule(locals, kernel));
  const instance = new webAssembly.Instance(module, { env: { memory } });
  const run = instance.exports["run"] as (...integers: number[]) => void;
  return ({ left, right, result, resultRowBytes, pairs, strips, panels, isMore }) =>
    run(left, right, result, resultRowBytes, pairs, strips, panels, isMore ? 1 : 0);
}
