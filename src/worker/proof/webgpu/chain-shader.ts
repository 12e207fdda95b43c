/**
 * The chain on a GPU: entries lie four to a word, each plus 32, as `entryWord` makes them. Of X a word holds four
 * depths of one row, and the words of a depth lie together, so that neighbouring threads read neighbouring words; of
 * B, a word holds four columns, and the words of a row lie together.
 */

/** Rows, and columns, of Y that a group of threads computes. */
export const tile = 128;
/** Rows of B that are in the group's own memory at a time: 16 KiB, which is all that every device has. */
const depths = 16;
/** A thread's share: 8 × 8 sums in registers, each pair of loads from the group's memory used eight times. */
const quads = [0, 1] as const;
const components = ["x", "y", "z", "w"] as const;

const lines = (texts: readonly string[]): string => texts.join("\n");
const sums = quads.flatMap((down) =>
  [...components.keys()].flatMap((row) =>
    quads.map((across) => ({ down, row, across, name: `sum${down}${row}${across}` })),
  ),
);

/** Entry `product`. Bindings: 0 task (n, first tile down, 0, 0), 1 X, 2 B, 3 Y. Groups: tiles across, tiles down. */
export const productShader = /* wgsl */ `
@group(0) @binding(0) var<uniform> task: vec4u;
@group(0) @binding(1) var<storage, read> left: array<vec4u>;
@group(0) @binding(2) var<storage, read> right: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> products: array<vec4i>;

var<workgroup> rows: array<array<vec4f, ${tile / 4}>, ${depths}>;
var<workgroup> columns: array<array<vec4f, ${tile / 4}>, ${depths}>;

fn entries(word: u32) -> vec4f {
  return vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(63u)) - 32.0;
}

@compute @workgroup_size(16, 16)
fn product(
  @builtin(workgroup_id) group: vec3u,
  @builtin(local_invocation_id) at: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let n = task.x;
  let row = (task.y + group.y) * ${tile}u;
  let column = group.x * ${tile}u;
  ${lines(sums.map(({ name }) => `var ${name} = vec4f();`))}
  for (var depth = 0u; depth < n; depth += ${depths}u) {
    // Half of the threads fetch four depths of four rows each, the others sixteen columns of one depth.
    if (thread < 128u) {
      let word = left[(depth / 4u + thread / 32u) * (n / 4u) + row / 4u + thread % 32u];
      ${lines(components.map((name) => `let ${name}Entries = entries(word.${name});`))}
      ${lines(components.map((name, index) => `rows[thread / 32u * 4u + ${index}u][thread % 32u] = vec4f(${components.map((row) => `${row}Entries.${name}`).join(", ")});`))}
    } else {
      let other = thread - 128u;
      let word = right[(depth + other / 8u) * (n / 16u) + column / 16u + other % 8u];
      ${lines(components.map((name, index) => `columns[other / 8u][other % 8u * 4u + ${index}u] = entries(word.${name});`))}
    }
    workgroupBarrier();
    for (var index = 0u; index < ${depths}u; index++) {
      ${lines(quads.map((quad) => `let down${quad} = rows[index][at.y + ${16 * quad}u];`))}
      ${lines(quads.map((quad) => `let across${quad} = columns[index][at.x + ${16 * quad}u];`))}
      ${lines(sums.map(({ name, down, row, across }) => `${name} += down${down}.${components[row]} * across${across};`))}
    }
    workgroupBarrier();
  }
  ${lines(
    sums.map(
      ({ name, down, row, across }) =>
        `products[(row + ${64 * down + row}u + 4u * at.y) * (n / 4u) + column / 4u + ${16 * across}u + at.x] = vec4i(${name});`,
    ),
  )}
}
`;

/**
 * Entries `fillLeft` and `fillRight`, task (n, key, 0, 0); `mix`, task (n, mix, multiplier, increment).
 * Bindings: 0 task, 1 Y, 2 what is written. Groups: `entryGroups`.
 */
export const entriesShader = /* wgsl */ `
@group(0) @binding(0) var<uniform> task: vec4u;
@group(0) @binding(1) var<storage, read> products: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> entries: array<u32>;

fn scrambled(word: vec4u) -> vec4u {
  var bits = word ^ (word >> vec4u(16u));
  bits *= 0x85ebca6bu;
  bits ^= bits >> vec4u(13u);
  bits *= 0xc2b2ae35u;
  return bits ^ (bits >> vec4u(16u));
}
fn filled(index: u32) -> u32 {
  return scrambled(vec4u((index * 0x9e3779b1u) ^ task.y)).x & 0x3f3f3f3fu;
}

@compute @workgroup_size(64)
fn fillLeft(@builtin(global_invocation_id) at: vec3u) {
  entries[at.x * task.x + at.y] = filled(at.y * (task.x / 4u) + at.x);
}

@compute @workgroup_size(64)
fn fillRight(@builtin(global_invocation_id) at: vec3u) {
  let index = at.y * (task.x / 4u) + at.x;
  entries[index] = filled(index);
}

@compute @workgroup_size(64)
fn mix(@builtin(global_invocation_id) at: vec3u) {
  let n = task.x;
  let partner = (task.z * at.y + task.w) & (n - 1u);
  let place = vec4u(at.y * n + 4u * at.x) + vec4u(0u, 1u, 2u, 3u);
  let sum = products[at.y * (n / 4u) + at.x] * 0x9e3779b1u
    + products[partner * (n / 4u) + at.x] * 0x85ebca77u
    + place * 0xc2b2ae3du;
  let four = (scrambled(sum ^ vec4u(task.y)) >> vec4u(26u)) << vec4u(0u, 8u, 16u, 24u);
  entries[at.x * n + at.y] = four.x | four.y | four.z | four.w;
}
`;

/** A thread for each word. */
export const entryGroups = (n: number): [number, number] => [n / 4 / 64, n];
