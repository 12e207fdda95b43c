/** SHA-256 of many equally long messages at once, one a thread. FIPS 180-4, section 6.2. */

const constants = [
  "428a2f98 71374491 b5c0fbcf e9b5dba5 3956c25b 59f111f1 923f82a4 ab1c5ed5",
  "d807aa98 12835b01 243185be 550c7dc3 72be5d74 80deb1fe 9bdc06a7 c19bf174",
  "e49b69c1 efbe4786 0fc19dc6 240ca1cc 2de92c6f 4a7484aa 5cb0a9dc 76f988da",
  "983e5152 a831c66d b00327c8 bf597fc7 c6e00bf3 d5a79147 06ca6351 14292967",
  "27b70a85 2e1b2138 4d2c6dfc 53380d13 650a7354 766a0abb 81c2c92e 92722c85",
  "a2bfe8a1 a81a664b c24b8b70 c76c51a3 d192e819 d6990624 f40e3585 106aa070",
  "19a4c116 1e376c08 2748774c 34b0bcb5 391c0cb3 4ed8aa4a 5b9cca4f 682e6ff3",
  "748f82ee 78a5636f 84c87814 8cc70208 90befffa a4506ceb bef9a3f7 c67178f2",
]
  .flatMap((line) => line.split(" "))
  .map((word) => `0x${word}u`);

/** Written out, so that every word has a register of its own. */
function rounds(): string {
  const lines: string[] = [];
  const [names, start] = ["abcdefgh".split(""), "xyzw".split("")];
  let words = names.map((name, index) => {
    lines.push(`let ${name} = state.${index < 4 ? "low" : "high"}.${start[index % 4]};`);
    return name;
  });
  for (const [round, constant] of constants.entries()) {
    const w = (back: number) => `w${round - back}`;
    const word =
      round < 16
        ? `block[${round >> 2}].${start[round & 3]}`
        : `${w(16)} + ${w(7)} + small0(${w(15)}) + small1(${w(2)})`;
    const [a, b, c, d, e, f, g, h] = words as [string, ...string[]];
    lines.push(
      `let w${round} = ${word};`,
      `let s${round} = ${h} + large1(${e}) + ((${e} & ${f}) ^ (~${e} & ${g})) + ${constant} + w${round};`,
      `let e${round} = ${d} + s${round};`,
      `let a${round} = s${round} + large0(${a}) + ((${a} & ${b}) ^ (${a} & ${c}) ^ (${b} & ${c}));`,
    );
    words = [`a${round}`, a, b!, c!, `e${round}`, e!, f!, g!];
  }
  const [a, b, c, d, e, f, g, h] = words;
  lines.push(
    `return State(state.low + vec4u(${a}, ${b}, ${c}, ${d}), state.high + vec4u(${e}, ${f}, ${g}, ${h}));`,
  );
  return lines.join("\n");
}

/**
 * Entry `digest`. Bindings: 0 task, 1 messages one after another, 2 digests of 32 bytes.
 * @see digestWords
 */
export const sha256Shader = /* wgsl */ `
struct Task { quads: u32, first: u32 }
struct State { low: vec4u, high: vec4u }
@group(0) @binding(0) var<uniform> task: Task;
@group(0) @binding(1) var<storage, read> messages: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> digests: array<vec4u>;

fn rotated(word: u32, bits: u32) -> u32 { return (word >> bits) | (word << (32u - bits)); }
fn small0(word: u32) -> u32 { return rotated(word, 7u) ^ rotated(word, 18u) ^ (word >> 3u); }
fn small1(word: u32) -> u32 { return rotated(word, 17u) ^ rotated(word, 19u) ^ (word >> 10u); }
fn large0(word: u32) -> u32 { return rotated(word, 2u) ^ rotated(word, 13u) ^ rotated(word, 22u); }
fn large1(word: u32) -> u32 { return rotated(word, 6u) ^ rotated(word, 11u) ^ rotated(word, 25u); }
/** Memory is little-endian, SHA-256 is not. */
fn swapped(words: vec4u) -> vec4u {
  return (words << vec4u(24u)) | ((words << vec4u(8u)) & vec4u(0xff0000u))
    | ((words >> vec4u(8u)) & vec4u(0xff00u)) | (words >> vec4u(24u));
}
fn compressed(state: State, block: array<vec4u, 4>) -> State {
${rounds()}
}

@compute @workgroup_size(64)
fn digest(@builtin(global_invocation_id) thread: vec3u) {
  let start = thread.x * task.quads;
  var state = State(
    vec4u(0x6a09e667u, 0xbb67ae85u, 0x3c6ef372u, 0xa54ff53au),
    vec4u(0x510e527fu, 0x9b05688cu, 0x1f83d9abu, 0x5be0cd19u));
  for (var quad = 0u; quad <= task.quads; quad += 4u) {
    var block = array<vec4u, 4>(vec4u(0x80000000u, 0, 0, 0), vec4u(), vec4u(), vec4u(0, 0, 0, task.quads * 128u));
    if (quad < task.quads) {
      block = array<vec4u, 4>(
        swapped(messages[start + quad]), swapped(messages[start + quad + 1u]),
        swapped(messages[start + quad + 2u]), swapped(messages[start + quad + 3u]));
    }
    state = compressed(state, block);
  }
  let place = 2u * (task.first + thread.x);
  digests[place] = swapped(state.low);
  digests[place + 1u] = swapped(state.high);
}
`;

/** Messages in a group of threads: their number is a multiple of it. */
export const digestsPerGroup = 64;

/**
 * What the task's buffer holds.
 * @param bytes of one message, a multiple of 64
 * @param first the first message's place among the digests
 */
export const digestWords = (bytes: number, first: number): [number, number] => [bytes / 16, first];
