import { expect, test } from "vitest";
import { fromBase64url, toBase64url } from "./bytes.ts";
import { createSecretTree, isSecretOf } from "./secrets.ts";

const tree = createSecretTree(new Uint8Array(32).fill(7));
const other = createSecretTree(new Uint8Array(32).fill(8));

test("each of the 256 secrets proves itself against the anchor, and no other number does", () => {
  for (let k = 1; k <= 256; k += 1) {
    const secret = tree.reveal(k);
    expect(isSecretOf(tree.anchor, secret)).toBe(true);
    expect(isSecretOf(tree.anchor, { ...secret, k: (k % 256) + 1 })).toBe(false);
  }
});

test.each([
  ["another ticket's secret", other.reveal(5)],
  ["a flipped bit", { ...tree.reveal(5), x: flipFirstBit(tree.reveal(5).x) }],
  ["another secret under the same number", { ...tree.reveal(5), x: tree.reveal(6).x }],
  ["a shortened path", { ...tree.reveal(5), path: tree.reveal(5).path.slice(1) }],
  ["a lengthened path", { ...tree.reveal(5), path: [...tree.reveal(5).path, tree.anchor] }],
  ["number 0", { ...tree.reveal(5), k: 0 }],
  ["number 257", { ...tree.reveal(5), k: 257 }],
  ["number 5.5", { ...tree.reveal(5), k: 5.5 }],
  ["a padded text", { ...tree.reveal(5), x: `${tree.reveal(5).x}=` }],
])("%s does not prove a request", (_case, secret) => {
  expect(isSecretOf(tree.anchor, secret)).toBe(false);
});

test("an inner node cannot pass for a leaf", () => {
  const { path } = tree.reveal(1);
  expect(isSecretOf(tree.anchor, { k: 1, x: path[1]!, path })).toBe(false);
});

function flipFirstBit(text: string): string {
  const bytes = fromBase64url(text)!;
  bytes[0]! ^= 1;
  return toBase64url(bytes);
}
