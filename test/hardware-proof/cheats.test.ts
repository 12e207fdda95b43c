/** Whoever did not do the work, did it for somebody else, or changes it afterwards, is found out. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { systemRandom } from "../../src/base/random.ts";
import {
  checkOpening,
  type Claim,
} from "../../src/coordinator/verification/check/check-opening.ts";
import { drawRows } from "../../src/coordinator/verification/challenge.ts";
import { fromBase64url, sha256, toBase64url } from "../../src/protocol/bytes.ts";
import { commitmentOf } from "../../src/protocol/hardware-proof/commitment.ts";
import type { Opening } from "../../src/protocol/hardware-proof/opening.ts";
import { commitChain } from "../../src/worker/proof/commit-chain.ts";
import {
  bindingOf,
  judge,
  partnerlessProver,
  prove,
  signal,
  skippingProver,
  taskOf,
  wasmProver,
} from "./provers.ts";

const binding = bindingOf("a-session");
const task = taskOf(binding);
const vectorBytes = systemRandom.bytes(4 * task.n);
const chain = await commitChain(wasmProver, task, signal);
const asked = drawRows(systemRandom, task);
const honest: Claim = {
  ...{ binding, task, asked },
  commitment: commitmentOf(binding, task, chain.layerRoots),
  opening: await chain.open(asked, signal),
};

test("what is changed here is right as it is", () => {
  expect(checkOpening(honest, vectorBytes)).toEqual({ kind: "right" });
});

describe("a commitment to nothing", () => {
  test("does not lead to the rows that are shown for it", () => {
    const claim = { ...honest, commitment: systemRandom.bytes(32) };
    expect(checkOpening(claim, vectorBytes)).toEqual({ kind: "other_commitment" });
  });

  test("by digests at random does not open to the true rows", async () => {
    const junk = { ...wasmProver, digests: async () => systemRandom.bytes(4 * 256 * 32) };
    const committed = await commitChain(junk, task, signal);
    await expect(committed.open(asked, signal)).rejects.toThrow("came out differently");
    const layer_roots = toBase64url(committed.layerRoots);
    const claim: Claim = {
      ...honest,
      commitment: commitmentOf(binding, task, committed.layerRoots),
      opening: { ...honest.opening, layer_roots },
    };
    expect(checkOpening(claim, vectorBytes).kind).toBe("other_row");
  });

  test("by rows at random opens to rows that are no products", async () => {
    const verdict = await prove(
      skippingProver(() => true),
      systemRandom,
    );
    expect(verdict.kind).toBe("wrong_product");
  });
});

describe("an answer to another challenge", () => {
  test.each([
    ["of another node", bindingOf("a-session", "another-node")],
    ["of another session", bindingOf("an earlier session")],
  ])("%s is not taken", async (_case, other) => {
    const theirs = taskOf(other);
    const committed = await commitChain(wasmProver, theirs, signal);
    const opening = await committed.open(asked, signal);
    // As it was made for them, and then made to look like one's own.
    const commitment = commitmentOf(other, theirs, committed.layerRoots);
    const borrowed = checkOpening({ ...honest, commitment, opening }, vectorBytes);
    expect(borrowed).toEqual({ kind: "other_commitment" });
    const verdict = await judge({ binding, task, chain: committed }, systemRandom);
    expect(verdict.kind).not.toBe("right");
  });

  test("worked out ahead, for a seed that was guessed, is no answer to the true one", async () => {
    const guessed = { ...task, seed: sha256("a guess") };
    const committed = await commitChain(wasmProver, guessed, signal);
    // The guesser opens what is asked for, with the partners of the true seed as far as it has them.
    const opening = await committed.open(asked, signal);
    const commitment = commitmentOf(binding, task, committed.layerRoots);
    expect(checkOpening({ ...honest, commitment, opening }, vectorBytes).kind).not.toBe("right");
  });
});

test("rows that were mixed without their partners are found out in every layer but the first", async () => {
  const committed = await commitChain(partnerlessProver(task), task, signal);
  const commitment = commitmentOf(binding, task, committed.layerRoots);
  for (const place of asked) {
    const opening = await committed.open([place], signal);
    const verdict = checkOpening({ ...honest, asked: [place], commitment, opening }, vectorBytes);
    const expected = place.layer === 0 ? { kind: "right" } : { kind: "wrong_product", place };
    expect(verdict).toEqual(expected);
  }
});

describe("an opening that was altered", () => {
  const change = (text: string, at: number) => {
    const bytes = fromBase64url(text)!;
    bytes[at % bytes.length]! ^= 1 << (at % 8);
    return toBase64url(bytes);
  };
  const changeRow = (index: number, field: "values" | "path", at: number): Opening => ({
    ...honest.opening,
    rows: honest.opening.rows.with(index, {
      ...honest.opening.rows[index]!,
      [field]: change(honest.opening.rows[index]![field], at),
    }),
  });
  const rows = honest.opening.rows.map((_, index) => index);

  test.each(rows)("in row %i, anywhere, is refused", (index) => {
    for (const at of [0, 1, 100, 255, 500, 767]) {
      const altered = checkOpening(
        { ...honest, opening: changeRow(index, "values", at) },
        vectorBytes,
      );
      expect(["other_row", "malformed"]).toContain(altered.kind);
      const path = checkOpening({ ...honest, opening: changeRow(index, "path", at) }, vectorBytes);
      expect(path.kind).toBe("other_row");
    }
  });

  test("whatever is in its texts, has a verdict, and never that it is right", () => {
    const texts = fc.oneof(fc.string(), fc.base64String(), fc.constant("A".repeat(1_024)));
    const row = fc.record({ values: texts, path: texts });
    const { layer_roots, rows: shown } = honest.opening;
    const openings = fc.oneof(
      fc.record({ layer_roots: texts, rows: fc.array(row, { maxLength: 72 }) }),
      row.map((made) => ({ layer_roots, rows: shown.with(3, { ...shown[3]!, ...made }) })),
      texts.map((path) => ({ layer_roots, rows: shown.with(0, { ...shown[0]!, path }) })),
    );
    fc.assert(
      fc.property(openings, (opening) => {
        expect(checkOpening({ ...honest, opening }, vectorBytes).kind).not.toBe("right");
      }),
    );
  });

  test.each([
    ["roots", { layer_roots: change(honest.opening.layer_roots, 40) }, "other_commitment"],
    ["too few roots", { layer_roots: honest.opening.layer_roots.slice(0, 128) }, "malformed"],
    ["a row fewer", { rows: honest.opening.rows.slice(1) }, "malformed"],
    ["no rows", { rows: [] }, "malformed"],
    ["a row twice", { rows: honest.opening.rows.with(1, honest.opening.rows[0]!) }, "other_row"],
    ["another order", { rows: honest.opening.rows.toReversed() }, "other_row"],
  ])("%s: refused", (_case, changed, kind) => {
    const opening = { ...honest.opening, ...changed };
    expect(checkOpening({ ...honest, opening }, vectorBytes).kind).toBe(kind);
  });

  test.each([
    ["session", { binding: bindingOf("another") }],
    ["node", { binding: bindingOf("a-session", "another") }],
    ["seed", { task: { ...task, seed: sha256("another") } }],
    ["commitment", { commitment: sha256("another") }],
  ])("checked against another %s: refused", (_case, changed) => {
    expect(checkOpening({ ...honest, ...changed }, vectorBytes)).toEqual({
      kind: "other_commitment",
    });
  });
});
