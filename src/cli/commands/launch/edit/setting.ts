/** Settings of another program: one value somewhere in a file, to be put there and nowhere else changed. Pure. */
import { isDeepStrictEqual } from "node:util";
import { TroopError } from "../../../../protocol/error-codes.ts";

/** A key, or in a list the element of this name. */
export type Step = string | { named: string };

export interface Setting {
  path: readonly Step[];
  value: unknown;
}

/** A setting's place in a file, from the root on. */
export type Place = (string | number)[];

/** A file's language. */
export interface Language {
  /** Undefined for what is no text of this language. An empty text is an empty object. */
  read(text: string): Readonly<Record<string, unknown>> | undefined;
  /** The text with one value set, and everything else as it was where that can be done. */
  write(text: string, place: Place, value: unknown): string;
  /** Where taking out lines is no way to take out a value. */
  remove?(text: string, place: Place): string;
}

/**
 * @returns the text, and where in it each setting is
 * @throws TroopError `settings_unclear` where the text cannot be read, or would say something else than it did
 *   beside what was to be set: then a person has to do it
 */
export function withSettings(
  text: string,
  settings: readonly Setting[],
  { read, write }: Language,
): { text: string; places: Place[] } {
  const meant = plain(read(text)) as Container | undefined;
  if (!meant) throw new TroopError("settings_unclear");
  let written = text;
  const places: Place[] = [];
  for (const { path, value } of settings) {
    const place = put(meant, path, value);
    places.push(place);
    if (!isDeepStrictEqual(valueAt(read(written), place), value))
      written = write(written, place, value);
  }
  // Whatever an editor makes of an odd file: it is read again, and must say what was meant.
  if (!isDeepStrictEqual(plain(read(written)), meant)) throw new TroopError("settings_unclear");
  return { text: written, places };
}

/**
 * Takes settings back out, value by value: what was there before is there again, the rest as it has become.
 * @returns undefined where a value is not ours any more, or the language has no way to do it
 */
export function withoutSettings(
  texts: { before: string; after: string; now: string },
  places: readonly Place[],
  { read, write, remove }: Language,
): string | undefined {
  const [before, after, now] = [read(texts.before), read(texts.after), read(texts.now)];
  if (!now || !remove) return undefined;
  let text = texts.now;
  for (const place of places) {
    if (!isDeepStrictEqual(valueAt(now, place), valueAt(after, place))) return undefined;
    const former = valueAt(before, place);
    text = former === undefined ? remove(text, place) : write(text, place, former);
    for (let parent = place.slice(0, -1); parent.length > 0; parent = parent.slice(0, -1)) {
      const isOurs = valueAt(before, parent) === undefined;
      if (isOurs && isDeepStrictEqual(plain(valueAt(read(text), parent)), {}))
        text = remove(text, parent);
    }
  }
  return text;
}

/** Dates, and objects without a prototype, are compared by what they are in JSON. */
const plain = (value: unknown): unknown =>
  value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);

type Container = Record<string | number, unknown>;

/** Sets a value in an object, makes what is missing on the way, and tells where that was. */
function put(root: Container, path: readonly Step[], value: unknown): Place {
  const place: Place = [];
  let within: unknown = root;
  for (const [at, step] of path.entries()) {
    if (typeof within !== "object" || within === null) throw new TroopError("settings_unclear");
    if (Array.isArray(within) !== (typeof step !== "string"))
      throw new TroopError("settings_unclear");
    const key = typeof step === "string" ? step : indexOf(within as unknown[], step.named);
    place.push(key);
    const inside = within as Container;
    if (at === path.length - 1) inside[key] = plain(value);
    else inside[key] ??= typeof path[at + 1] === "string" ? {} : [];
    within = inside[key];
  }
  return place;
}

function indexOf(list: readonly unknown[], name: string): number {
  const at = list.findIndex((element) => (element as { name?: unknown } | null)?.name === name);
  return at < 0 ? list.length : at;
}

const valueAt = (root: unknown, place: Readonly<Place>): unknown =>
  place.reduce<unknown>((within, key) => (within as Container | null | undefined)?.[key], root);
