/** Keys in the wrong hands: what they sign is not what happened. */
import { formatCredits, parseCredits } from "../../../src/protocol/credits.ts";
import type { AcknowledgedLine, Line } from "../../../src/protocol/receipt.ts";
import type { SignedType, Signer } from "../../../src/protocol/signature.ts";
import type { SeededRandom } from "../world/random.ts";

interface Statement<Told> {
  hold: string;
  lines: Told[];
}

type Lie<Told> = (statement: Statement<Told>) => Told[];

interface Liar<Told> {
  honest: Signer;
  type: SignedType;
  lies: readonly Lie<Told>[];
  random: SeededRandom;
  told: () => void;
  /** Somebody's hold; without one it speaks of its own only. */
  overheard?: () => string | undefined;
}

/** How often it speaks of somebody else's hold: one of the latest, on which nobody may have spoken yet. */
const elsewhereShare = 0.2;
const latest = 6;

/** Signs as `honest` does, but for statements of one type, some of which it makes up. */
function withLies<Told>({ honest, type, lies, random, told, overheard }: Liar<Told>): Signer {
  return {
    ...honest,
    sign(asked, payload) {
      if (asked !== type || !random.chance(0.5)) return honest.sign(asked, payload);
      told();
      const statement = payload as Statement<Told>;
      const lines = random.pick(lies)(statement).slice(0, 100);
      const elsewhere = overheard && random.chance(elsewhereShare) ? overheard() : undefined;
      return honest.sign(asked, { ...payload, hold: elsewhere ?? statement.hold, lines });
    },
  };
}

/** @param told is called for each statement that is made up */
export function createLyingWorker(honest: Signer, random: SeededRandom, told: () => void): Signer {
  const seen: Line[] = [];
  const text = () => Buffer.from(random.bytes(32)).toString("base64url");
  const inflate = (line: Line): Line => ({
    ...line,
    billed_ms: line.billed_ms * 10 + 1_000,
    completion_tokens: line.completion_tokens * 10 + 10,
    cost: formatCredits(parseCredits(line.cost) * 10n + 1_000n),
  });
  const lies: Lie<Line>[] = [
    ({ lines }) => lines.map(inflate),
    // The same twice, and then another of the same number.
    ({ lines }) => lines.flatMap((line) => [line, line, inflate(line)]),
    // Numbers that were never asked.
    ({ lines }) => [...lines, { ...lines[0]!, k: random.between(1, 256), x: text() }],
    ({ lines }) => [...lines, { ...lines[0]!, k: (lines[0]!.k % 256) + 1 }],
    // Requests of other tickets.
    ({ lines }) => [...lines, random.pick(seen)],
    // What its client got is not what it vouches for, or both are.
    ({ lines }) => lines.map((line) => ({ ...line, response_hash: text() })),
    ({ lines }) => lines.flatMap((line) => [{ ...line, request_hash: text() }, line]),
    // Work that was not paid for.
    ({ lines }) => lines.map((line) => ({ ...line, finish: "stop", cost: "1000.000000" })),
  ];
  const liar = withLies({ honest, type: "troop-receipt+jwt", lies, random, told });
  return {
    ...liar,
    sign(type, payload) {
      if (type === "troop-receipt+jwt") seen.push(...(payload as Statement<Line>).lines);
      return liar.sign(type, payload);
    },
  };
}

/** @param overheard ids of holds, whoever's */
export function createLyingClient(
  honest: Signer,
  random: SeededRandom,
  told: () => void,
  overheard: readonly string[],
): Signer {
  const names: string[] = [];
  const spoken = (statement: Statement<AcknowledgedLine>) => {
    for (const { k } of statement.lines) names.push(`${statement.hold}.${k}`);
    return statement.lines;
  };
  const deny =
    (verdict: "not_received" | "refused") =>
    ({ k }: AcknowledgedLine): AcknowledgedLine => ({ k, verdict });
  const lies: Lie<AcknowledgedLine>[] = [
    (statement) => spoken(statement).map(deny("not_received")),
    (statement) => spoken(statement).map(deny("refused")),
    (statement) =>
      spoken(statement).map((line) => ({
        ...("line_hash" in line ? line : { line_hash: "x".repeat(43) }),
        ...{ k: line.k, verdict: "differs", billed_ms: 1, prompt_tokens: 0, completion_tokens: 0 },
      })),
    // One thing and then another.
    (statement) => spoken(statement).flatMap((line) => [line, deny("not_received")(line)]),
    // Numbers that were never asked, or not yet.
    (statement) => [
      ...spoken(statement),
      deny("not_received")({ ...statement.lines[0]!, k: random.between(1, 256) }),
    ],
    // Everything repeats something, so that it should be given back.
    (statement) => {
      const earlier = names.length > 0 ? random.pick(names) : `${statement.hold}.1`;
      return spoken(statement).map((line) => ({ ...line, retry_of: earlier }));
    },
  ];
  return withLies({
    ...{ honest, type: "troop-acknowledgement+jwt", lies, random, told },
    overheard: () => overheard.at(-random.between(1, latest)),
  });
}
