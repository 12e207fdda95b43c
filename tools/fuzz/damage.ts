/** What can be wrong with a body: values of another kind, and text that is no JSON or only half of it. Pure. */
import fc from "fast-check";

const strange = [
  ...[null, true, -1, 0, 1.5, 1e21, 2 ** 53, "", "\0", "\ud800", "\u202e\ufeff𝕏", [], {}],
  ...["x".repeat(300), "../../etc/passwd", "'; drop table account; --", "%00", "null", "1e400"],
  ...[[[[]]], { constructor: {} }, Array.from({ length: 300 }, () => 0)],
] as const;

/** Values of which one, at any depth, was replaced, taken out or added. */
export const damaged = (values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(
      values,
      fc.nat(1_000),
      fc.constantFrom<unknown>(...strange),
      fc.constantFrom("replaced", "removed", "added"),
    )
    .map(([value, at, instead, how]) => {
      const places = placesIn(value);
      if (places.length === 0) return instead;
      const { holder, key } = places[at % places.length]!;
      if (how === "replaced") holder[key] = instead;
      else if (how === "removed") delete holder[key];
      else holder["extra"] = instead;
      return value;
    });

interface Place {
  holder: Record<string, unknown>;
  key: string;
}

function placesIn(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])]);
}

/** One character is one byte. */
const bytesOf = (text: string): string => Buffer.from(text).toString("latin1");

/** Texts of which some are broken, as one character a byte. */
export const brokenTexts = (texts: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(texts, fc.nat(10_000), fc.constantFrom(...breakers))
    .map(([text, at, breaks]) => breaks(bytesOf(text), at));

const breakers: readonly ((bytes: string, at: number) => string)[] = [
  (bytes, at) => bytes.slice(0, at % (bytes.length + 1)),
  (bytes) => bytesOf("\ufeff") + bytes,
  (bytes) => bytes + bytes,
  (bytes) => bytes.replace(/"/, '"\xff\xfe'),
  (bytes) => bytes.replace(/:/, ":1e400,"),
  (bytes) => bytes.replace(/:("[^"]*"|\d+)/, ":1e400"),
  (bytes) => bytes.replace(/("[^"]*":)/, "$1null,$1"),
  (bytes) => bytes.replace(/:.*?([,}])/, String.raw`:"\u0000\ud800"$1`),
  (_bytes, at) => "[".repeat(33 + (at % 5_000)),
  (_bytes, at) => `[${"0,".repeat(10_000 + at)}0]`,
  (_bytes, at) => `{"a":"${"x".repeat(60_000 + at)}"}`,
  () => "",
  (bytes, at) => {
    const place = at % (bytes.length + 1);
    return `${bytes.slice(0, place)}${String.fromCharCode(at & 255)}${bytes.slice(place + 1)}`;
  },
];
