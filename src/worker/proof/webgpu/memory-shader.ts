/** The dataset in a GPU's memory: filling it, and walking it. */
import { doubleRounds, itemConstants } from "../../../protocol/hardware-proof/memory-item.ts";
import { itemsPerSegment, steps } from "../../../protocol/hardware-proof/memory.ts";

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Items, and lanes, that a group of threads computes. */
export const threadsPerGroup = 64;

/** One half of ChaCha's double round, on four columns at once. */
const quarterRounds = /* wgsl */ `
    a += b; d = rotated(d ^ a, 16u); c += d; b = rotated(b ^ c, 12u);
    a += b; d = rotated(d ^ a, 8u); c += d; b = rotated(b ^ c, 7u);`;

/** Entry `fill`. Bindings: 0 task, 1 a buffer of the dataset. @see fillWords */
export const fillShader = /* wgsl */ `
struct Task { low: vec4u, high: vec4u, first: u32, place: u32 }
@group(0) @binding(0) var<uniform> task: Task;
@group(0) @binding(1) var<storage, read_write> held: array<vec4u>;

fn rotated(words: vec4u, bits: u32) -> vec4u {
  return (words << vec4u(bits)) | (words >> vec4u(32u - bits));
}

@compute @workgroup_size(${threadsPerGroup})
fn fill(@builtin(global_invocation_id) thread: vec3u) {
  var a = vec4u(${itemConstants.map((word) => `${word}u`).join(", ")});
  var b = task.low;
  var c = task.high;
  var d = vec4u(task.first + thread.x, 0u, 0u, 0u);
  for (var round = 0u; round < ${doubleRounds}u; round++) {
    ${quarterRounds}
    b = b.yzwx; c = c.zwxy; d = d.wxyz;
    ${quarterRounds}
    b = b.wxyz; c = c.zwxy; d = d.yzwx;
  }
  let at = 4u * (task.place + thread.x);
  held[at] = a;
  held[at + 1u] = b;
  held[at + 2u] = c;
  held[at + 3u] = d;
}
`;

/** What the task's buffer holds. @param first the first item's number @param place and where in the buffer it goes */
export const fillWords = (key: Int32Array, first: number, place: number): number[] => [
  ...key,
  ...[first, place, 0, 0],
];

/**
 * Entry `walk`. Bindings: 0 task, 1 results, 2 and on the dataset.
 * @see walkWords
 * @param buffers that the dataset lies in @param segmentsPerBuffer of each but the last
 */
export const walkShader = (buffers: number, segmentsPerBuffer: number): string => /* wgsl */ `
struct Task { low: vec4u, high: vec4u, first: u32, segments: u32 }
@group(0) @binding(0) var<uniform> task: Task;
@group(0) @binding(1) var<storage, read_write> results: array<vec4u>;
${numbers(buffers)
  .map((n) => `@group(0) @binding(${n + 2}) var<storage, read> held${n}: array<vec4u>;`)
  .join("\n")}

fn scrambled(words: vec4u) -> vec4u {
  var bits = words ^ (words >> vec4u(16u));
  bits *= 0x85ebca6bu;
  bits ^= bits >> vec4u(13u);
  bits *= 0xc2b2ae35u;
  return bits ^ (bits >> vec4u(16u));
}
fn folded(words: vec4u) -> u32 { return words.x ^ words.y ^ words.z ^ words.w; }
fn item(segment: u32, number: u32) -> array<vec4u, 4> {
  let at = 4u * (segment % ${segmentsPerBuffer}u * ${itemsPerSegment}u + number);
  switch (segment / ${segmentsPerBuffer}u) {
    ${numbers(buffers)
      .map((n) => {
        const words = numbers(4).map((index) => `held${n}[at + ${index}u]`);
        const label = n === buffers - 1 ? "default" : `case ${n}u`;
        return `${label}: { return array<vec4u, 4>(${words.join(", ")}); }`;
      })
      .join("\n    ")}
  }
}

const prime = 0x01000193u;

@compute @workgroup_size(${threadsPerGroup})
fn walk(@builtin(global_invocation_id) thread: vec3u) {
  let word = vec4u(16u * (task.first + thread.x)) + vec4u(0u, 1u, 2u, 3u);
  var a = scrambled((word * 0x9e3779b1u) ^ task.low);
  var b = scrambled(((word + vec4u(4u)) * 0x9e3779b1u) ^ task.high);
  var c = scrambled(((word + vec4u(8u)) * 0x9e3779b1u) ^ task.low);
  var d = scrambled(((word + vec4u(12u)) * 0x9e3779b1u) ^ task.high);
  for (var step = 0u; step < ${steps}u; step++) {
    let place = scrambled(vec4u(folded(a ^ b) ^ step, folded(c ^ d) ^ step, 0u, 0u));
    let read = item(place.y % task.segments, place.x & ${itemsPerSegment - 1}u);
    a = (a * prime) ^ read[0];
    b = (b * prime) ^ read[1];
    c = (c * prime) ^ read[2];
    d = (d * prime) ^ read[3];
  }
  results[thread.x] = ((((((a * prime) ^ b) * prime) ^ c) * prime) ^ d);
}
`;

/** What the task's buffer holds. @param key of the lanes @param first the first lane */
export const walkWords = (key: Int32Array, first: number, segments: number): number[] => [
  ...key,
  ...[first, segments, 0, 0],
];
