/** What a dishonest signer would write: an honest statement with something changed, signed by its own right key. */
import type { SecretTree } from "../../../src/protocol/secrets.ts";

/** Drawn numbers in a row; the same draws make the same statement. */
export type Draw = (below: number) => number;

export interface Attacked {
  hold: string;
  /** Another hold of the same two, whose secrets the worker knows too. */
  otherHold: string;
  /** Of both holds the worker was shown these numbers, and no others. */
  revealed: readonly number[];
  tree: SecretTree;
  otherTree: SecretTree;
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Payload = { [name: string]: Json };

const oddities: readonly Json[] = [
  ...[null, true, 0, -1, 1, 2 ** 31, 2 ** 53, 1e300, 0.5, "", "0", "-1.000000", "1e9"],
  ...["999999999999999.999999", "0.000000", "1.0000001", "\u0000", "\ud800", "a".repeat(5_000)],
  ...[[], {}, [[]], "stop", "worker_error", "client_gone", "ok", "refused", "not_received"],
  ...["00000000-0000-8000-8000-000000000000", "A".repeat(43), "=".repeat(43)],
];

/** Every value within, with what holds it. */
function* placesIn(value: Json): Generator<[Json[] | Payload, string | number]> {
  if (typeof value !== "object" || value === null) return;
  const names = Array.isArray(value) ? value.keys() : Object.keys(value);
  for (const name of names) {
    yield [value as Payload, name as string];
    yield* placesIn((value as Payload)[name as string]!);
  }
}

const listOf = (payload: Payload): Json[] =>
  Array.isArray(payload["lines"]) ? payload["lines"] : [];
/** Earlier changes may have left something else in its place. */
const linesOf = (payload: Payload): Payload[] =>
  listOf(payload).filter(
    (line): line is Payload => typeof line === "object" && line !== null && !Array.isArray(line),
  );

type Change = (payload: Payload, draw: Draw, attacked: Attacked) => void;

const onLine =
  (change: (line: Payload, draw: Draw, attacked: Attacked) => void): Change =>
  (payload, draw, attacked) => {
    const lines = linesOf(payload);
    if (lines.length > 0) change(lines[draw(lines.length)]!, draw, attacked);
  };

const pick = <Value>(draw: Draw, values: readonly Value[]): Value => values[draw(values.length)]!;

/** Aimed at one rule each; what they leave alone is valid. */
const changes: readonly Change[] = [
  // A number that was never revealed, with whatever secret there is.
  onLine((line, draw) => void (line["k"] = 1 + draw(256))),
  onLine(
    (line, draw, { tree, revealed }) => void (line["x"] = tree.reveal(pick(draw, revealed)).x),
  ),
  onLine((line, draw, { otherTree, revealed }) =>
    Object.assign(line, otherTree.reveal(pick(draw, revealed))),
  ),
  onLine((line, draw) => {
    const path = line["path"];
    if (Array.isArray(path)) path[draw(8)] = pick(draw, ["A".repeat(43), path[draw(8)]!]);
  }),
  onLine((line) => {
    if (Array.isArray(line["path"])) line["path"] = line["path"].slice(1);
  }),
  // More than it cost, more than the ticket, more than there is.
  onLine((line, draw) => void (line["billed_ms"] = pick(draw, [1, 7_000, 60_000, 2 ** 40]))),
  onLine((line, draw) => void (line["completion_tokens"] = pick(draw, [0, 900, 100_000_000]))),
  onLine((line, draw) => void (line["prompt_tokens"] = pick(draw, [0, 900, 100_000_000]))),
  onLine((line, draw) => void (line["cost"] = pick(draw, ["0.000000", "900000.000000"]))),
  onLine((line, draw) => {
    line["finish"] = pick(draw, ["worker_error", "client_gone", "budget", "invented"]);
  }),
  onLine((line, draw) => {
    line["verdict"] = pick(draw, ["ok", "differs", "not_received", "refused", "perhaps"]);
  }),
  // Of the right length, and nothing that a database would take.
  onLine((line, draw) => {
    line["line_hash"] = pick(draw, ["\u0000", "\ud800", "'", "é"]).repeat(43);
  }),
  onLine((line, draw) => {
    const field = pick(draw, ["request_hash", "response_hash"]);
    line[field] = pick(draw, [null, "", "\u0000".repeat(43), "A".repeat(43), 7]);
  }),
  onLine((line, draw, { otherHold, hold }) => {
    line["retry_of"] = `${pick(draw, [hold, otherHold])}.${draw(6)}`;
  }),
  // Twice in one statement, or a hundred times, or for another hold.
  (payload) => void listOf(payload).push(...structuredClone(listOf(payload))),
  (payload, draw) => {
    const [line] = linesOf(payload);
    if (line) payload["lines"] = Array.from({ length: 99 + draw(3) }, () => structuredClone(line));
  },
  (payload, _draw, { otherHold }) => void (payload["hold"] = otherHold),
  (payload) => void (payload["hold"] = "00000000-0000-8000-8000-000000000000"),
  (payload) => void (payload["hold"] = (payload["hold"] as string).toUpperCase()),
  (payload, draw) =>
    void (payload["iat"] = Number(payload["iat"]) + pick(draw, [900, -1_000_000, 29])),
  (payload, draw) => void (payload["aud"] = pick(draw, ["http://another.example", ""])),
  // Anything, anywhere.
  (payload, draw) => {
    const [holder, name] = pick(draw, [...placesIn(payload)]);
    (holder as Payload)[name as string] = pick(draw, oddities);
  },
  (payload, draw) => {
    const [holder, name] = pick(draw, [...placesIn(payload)]);
    delete (holder as Payload)[name as string];
  },
  (payload, draw) => {
    const [holder] = pick(draw, [...placesIn(payload)]);
    const name = pick(draw, ["__proto__", "constructor", "extra", "k", "lines"]);
    // Not assigned: `__proto__` is to be written like any other name.
    const value = pick(draw, oddities);
    const isPlain = { enumerable: true, configurable: true, writable: true };
    Object.defineProperty(holder, name, { value, ...isPlain });
  },
];

/** One to three changes; now and then none. */
export function changedPayload(honest: object, draw: Draw, attacked: Attacked): string {
  const payload = structuredClone(honest) as Payload;
  for (let left = draw(4); left > 0; left -= 1) {
    try {
      pick(draw, changes)(payload, draw, attacked);
    } catch (error) {
      // An earlier change has left something of another kind there; then this one changes nothing.
      if (!(error instanceof TypeError)) throw error;
    }
  }
  const text = JSON.stringify(payload);
  // What JSON.stringify would never write.
  switch (draw(40)) {
    case 0:
      return text.replace(/"billed_ms":\d+/, '"billed_ms":1e400');
    case 1:
      return text.replace(/"lines":/, '"lines":[],"lines":');
    case 2:
      return text.slice(0, draw(text.length));
    case 3:
      return text.replace(/"billed_ms":(\d+)/, '"billed_ms":$1.0e0');
    default:
      return text;
  }
}
