/**
 * General matrix multiplication in WebAssembly SIMD.
 * Relaxed SIMD's fused multiply-add would be faster, but its rounding is left to the processor;
 * plain f32x4 operations are exact to the bit everywhere, which a reproducible model needs.
 */
import type { Arena, View } from "./matrix.ts";
import {
  add,
  addFloats,
  assembleModule,
  choose,
  type Code,
  declareLocals,
  integer,
  isBelow,
  loadFloat,
  loadSplat,
  loadVector,
  multiply,
  multiplyFloats,
  repeatWhile,
  storeFloat,
  storeVector,
  subtract,
  zeroVector,
} from "../../src/base/wasm-code.ts";
import { webAssembly } from "../../src/base/web-assembly.ts";

/** One tile of the result stays in eight vector registers; x64 has sixteen. */
const tileRows = 4;
const tileColumns = 8;
const vectorBytes = 16;
const panelRowBytes = tileColumns * 4;
const largestDepth = 2_048;

const rowsOfTile = [0, 1, 2, 3];
const halvesOfRow = [0, 1];

const locals = declareLocals(
  [
    ...["rows", "columns", "depth", "left", "leftRow", "leftColumn"],
    ...["right", "rightRow", "rightColumn", "result", "resultRow", "accumulate", "panel"],
  ],
  ["row", "column", "remaining", "from", "to", "tile", ...rowsOfTile.map((row) => `left${row}`)],
  [
    ...["splat", "low", "high"],
    ...rowsOfTile.flatMap((row) => halvesOfRow.map((half) => `sum${row}${half}`)),
  ],
);
const { get, set } = locals;

const advance = (name: string, by: Code): Code => set(name, add(get(name), by));
const countDown = set("remaining", subtract(get("remaining"), integer(1)));
const eachCellOfTile = (make: (sum: string, address: Code, offset: number) => Code): Code =>
  rowsOfTile.flatMap((row) =>
    halvesOfRow.flatMap((half) => {
      const address = add(get("tile"), multiply(get("resultRow"), integer(row)));
      return make(`sum${row}${half}`, address, half * vectorBytes);
    }),
  );

/** Copies eight columns of the right operand side by side, so that the inner loop reads in order. */
const packPanel: Code = [
  ...set("to", get("panel")),
  ...set("from", add(get("right"), multiply(get("column"), get("rightColumn")))),
  ...set("remaining", get("depth")),
  ...repeatWhile(
    get("remaining"),
    ...Array.from({ length: tileColumns }, (_, column) => {
      const source = add(get("from"), multiply(get("rightColumn"), integer(column)));
      return storeFloat(get("to"), loadFloat(source), column * 4);
    }),
    advance("to", integer(panelRowBytes)),
    advance("from", get("rightRow")),
    countDown,
  ),
];

/** One step along the depth: every cell of the tile gains one product. */
const gainProducts: Code = [
  ...set("low", loadVector(get("from"), 0)),
  ...set("high", loadVector(get("from"), vectorBytes)),
  ...rowsOfTile.flatMap((row) => [
    ...set("splat", loadSplat(get(`left${row}`))),
    ...advance(`left${row}`, get("leftColumn")),
    ...halvesOfRow.flatMap((half) => {
      const product = multiplyFloats(get("splat"), get(half === 0 ? "low" : "high"));
      return set(`sum${row}${half}`, addFloats(get(`sum${row}${half}`), product));
    }),
  ]),
];

const computeTile: Code = [
  ...set(
    "tile",
    add(
      add(get("result"), multiply(get("row"), get("resultRow"))),
      multiply(get("column"), integer(4)),
    ),
  ),
  ...choose(
    get("accumulate"),
    [eachCellOfTile((sum, address, offset) => set(sum, loadVector(address, offset)))],
    [eachCellOfTile((sum) => set(sum, zeroVector))],
  ),
  ...rowsOfTile.flatMap((row) => {
    const leftRow = multiply(add(get("row"), integer(row)), get("leftRow"));
    return set(`left${row}`, add(get("left"), leftRow));
  }),
  ...set("from", get("panel")),
  ...set("remaining", get("depth")),
  ...repeatWhile(
    get("remaining"),
    gainProducts,
    advance("from", integer(panelRowBytes)),
    countDown,
  ),
  ...eachCellOfTile((sum, address, offset) => storeVector(address, get(sum), offset)),
];

const kernel: Code = [
  ...set("column", integer(0)),
  ...repeatWhile(
    isBelow(get("column"), get("columns")),
    packPanel,
    set("row", integer(0)),
    repeatWhile(isBelow(get("row"), get("rows")), computeTile, advance("row", integer(tileRows))),
    advance("column", integer(tileColumns)),
  ),
];

export interface ProductSize {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** `result = left · right`, or `result += left · right`. The result's columns lie side by side. */
export type Multiply = (
  size: ProductSize,
  left: View,
  right: View,
  result: View,
  mode?: "replace" | "add",
) => void;

/** Rows must be a multiple of four and columns of eight: there is no code for ragged edges. */
export function createMultiply(arena: Arena): Multiply {
  const panel = arena.matrix(largestDepth, tileColumns);
  const module = new webAssembly.Module(assembleModule(locals, kernel));
  const instance = new webAssembly.Instance(module, { env: { memory: arena.memory } });
  const run = instance.exports["run"] as (...integers: number[]) => void;
  return ({ rows, columns, depth }, left, right, result, mode = "replace") => {
    const fits = rows % tileRows === 0 && columns % tileColumns === 0;
    if (!fits || Math.min(rows, columns, depth) < 1 || depth > largestDepth)
      throw new Error(`the kernel does not take ${rows} × ${depth} × ${columns}`);
    if (result.columnStride !== 4) throw new Error("the result may not be transposed");
    run(
      ...[rows, columns, depth],
      ...[left.address, left.rowStride, left.columnStride],
      ...[right.address, right.rowStride, right.columnStride],
      ...[result.address, result.rowStride],
      ...[mode === "add" ? 1 : 0, panel.address],
    );
  };
}
