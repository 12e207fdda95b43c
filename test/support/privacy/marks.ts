/** Random marks that are put into prompts and answers, and the search for them in whatever form they were kept. */
import { randomBytes } from "node:crypto";

/** 128 random bits as text, with characters in between that JSON writes otherwise. */
export function newMark(): string {
  const hex = randomBytes(16).toString("hex");
  return `${hex.slice(0, 16)}"\\ü\n${hex.slice(16)}`;
}

export interface Hit {
  /** Which of the marks. */
  mark: string;
  form: string;
  /** Which of the places searched. */
  place: string;
}

const jsonOf = (text: string) => JSON.stringify(text).slice(1, -1);
const asciiOf = (text: string) =>
  jsonOf(text).replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** What is the same in base64 whatever stands around it. @param before how many bytes stand before it, modulo 3 */
function base64Core(bytes: Buffer, before: number, kind: "base64" | "base64url"): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(kind);
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
}

/** Each half too: 64 bits are enough to know it by, and what stands between may be written in any way. */
function formsOf(mark: string): [form: string, bytes: Buffer][] {
  const texts = [mark, jsonOf(mark), asciiOf(mark), jsonOf(jsonOf(mark))];
  const forms: [string, Buffer][] = [];
  for (const text of [...texts, mark.slice(0, 16), mark.slice(-16)]) {
    const bytes = Buffer.from(text);
    const hex = bytes.toString("hex");
    forms.push(["raw", bytes], ["utf16", Buffer.from(text, "utf16le")]);
    forms.push(["hex", Buffer.from(hex)], ["hex", Buffer.from(hex.toUpperCase())]);
    for (const kind of ["base64", "base64url"] as const)
      for (const before of [0, 1, 2])
        forms.push([kind, Buffer.from(base64Core(bytes, before, kind))]);
  }
  return forms;
}

const prefixOf = (bytes: Uint8Array, at: number) =>
  (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;

/** @param places bytes by a name for where they were kept. All marks are looked for in one pass. */
export function findMarks(
  marks: readonly string[],
  places: Readonly<Record<string, readonly Uint8Array[]>>,
): Hit[] {
  const candidates = new Map<number, { mark: string; form: string; bytes: Buffer }[]>();
  const isCandidate = new Uint8Array(1 << 24);
  for (const mark of marks)
    for (const [form, bytes] of formsOf(mark)) {
      const prefix = prefixOf(bytes, 0);
      isCandidate[prefix] = 1;
      const same = candidates.get(prefix);
      if (same) same.push({ mark, form, bytes });
      else candidates.set(prefix, [{ mark, form, bytes }]);
    }
  const hits = new Map<string, Hit>();
  for (const [place, buffers] of Object.entries(places))
    for (const buffer of buffers)
      for (let at = 0; at + 2 < buffer.length; at += 1) {
        const prefix = prefixOf(buffer, at);
        if (isCandidate[prefix] === 0) continue;
        for (const { mark, form, bytes } of candidates.get(prefix)!)
          if (bytes.equals(buffer.subarray(at, at + bytes.length)))
            hits.set(`${mark} ${form} ${place}`, { mark, form, place });
      }
  return [...hits.values()];
}
