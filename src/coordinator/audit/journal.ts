/**
 * The audit's file: JSON lines in numbered segments, and how far they were read into the table. What has been written
 * outlives a killed process at once, and a power cut from the next `sync` on. Bounded: the oldest segment goes when
 * the last is full, but never one that the table does not have yet; then nothing more is taken.
 */
import {
  closeSync,
  fchmodSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { auditMark, type AuditMark } from "../../protocol/audit.ts";

const flushToDisk = promisify(fdatasync);

const place = z.object({ segment: z.int(), offset: z.int() });
/** Up to where lines were read: a segment, and bytes of it. */
export type Place = z.infer<typeof place>;
const shippedNote = z.object({ place, tip: auditMark.nullable() });

export interface Journal extends Disposable {
  /** Written when it returns. False where there is no room, on the disk or within the bounds. */
  append(line: string): boolean;
  /** Resolves when all that was appended is on the disk. Calls that come together share one flush. */
  sync(): Promise<void>;
  /** The lines behind the last that was shipped, some of them; undefined where none waits. */
  waiting(): { lines: string[]; end: Place } | undefined;
  /** They need not be read again. @param tip where the chain ended with them */
  shipped(end: Place, tip: AuditMark): void;
}

export interface JournalBounds {
  segmentBytes: number;
  segments: number;
}
/** Half a million events, or a day of an outage at six a second. */
const usualBounds: JournalBounds = { segmentBytes: 16 * 1_024 * 1_024, segments: 8 };
const readBytes = 256 * 1_024;

const nameOf = (segment: number) => `audit-${String(segment).padStart(8, "0")}.jsonl`;
const noteIn = (folder: string) => join(folder, "shipped.json");

/** Numbers of the segments in a folder, oldest first. */
export const segmentsIn = (folder: string): number[] =>
  readdirSync(folder)
    .flatMap((name) => /^audit-(\d{8,})\.jsonl$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((left, right) => left - right);

/** Undefined where nothing was shipped yet, or the note is lost: then all is read again, and each row counts once. */
export function readShipped(folder: string): z.infer<typeof shippedNote> | undefined {
  try {
    return shippedNote.parse(JSON.parse(readFileSync(noteIn(folder), "utf8")));
  } catch {
    return undefined;
  }
}

/**
 * Whole lines behind `from`, a quarter of a megabyte of them; undefined at the end.
 * @param until no line behind that
 */
export function readLines(
  folder: string,
  from: Place,
  until: Place = { segment: Number.MAX_SAFE_INTEGER, offset: 0 },
): { lines: string[]; end: Place } | undefined {
  for (const segment of segmentsIn(folder)) {
    if (segment < from.segment || segment > until.segment) continue;
    const offset = segment === from.segment ? from.offset : 0;
    const most = segment === until.segment ? until.offset - offset : readBytes;
    const text = readWhole(join(folder, nameOf(segment)), offset, Math.min(most, readBytes));
    if (text.length === 0) continue;
    const lines = text.toString("utf8").split("\n").filter(Boolean);
    return { lines, end: { segment, offset: offset + text.length } };
  }
  return undefined;
}

/** What is there of a file, `most` bytes of it, up to the last line's end. One line is never longer than a read. */
function readWhole(path: string, offset: number, most: number): Buffer {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(Math.max(0, most));
    const read = buffer.subarray(0, readSync(file, buffer, 0, buffer.length, offset));
    return read.subarray(0, read.lastIndexOf("\n") + 1);
  } finally {
    closeSync(file);
  }
}

/** @param folder its owner's only; no other process writes there */
export function openJournal(folder: string, bounds = usualBounds): Journal {
  const note = readShipped(folder);
  let shippedTo: Place = note?.place ?? { segment: 0, offset: 0 };
  const last = Math.max(1, shippedTo.segment, segmentsIn(folder).at(-1) ?? 0);
  let open = openSegment(last);
  let bytes = endTornLine(open);
  let segment = last;
  /** The last line was cut off by a full disk. */
  let isTorn = false;
  let flushing: Promise<void> | undefined;
  let nextFlush: Promise<void> | undefined;

  function openSegment(number: number): number {
    const file = openSync(join(folder, nameOf(number)), "a", 0o600);
    fchmodSync(file, 0o600);
    syncFolder();
    return file;
  }

  function syncFolder(): void {
    const opened = openSync(folder, "r");
    fsyncSync(opened);
    closeSync(opened);
  }

  /** A power cut or a full disk may have left half a line. @returns the file's size */
  function endTornLine(file: number): number {
    const { size } = fstatSync(file);
    if (size === 0) return 0;
    const reader = openSync(join(folder, nameOf(last)), "r");
    const ending = Buffer.alloc(1);
    readSync(reader, ending, 0, 1, size - 1);
    closeSync(reader);
    return ending.toString() === "\n" ? size : size + writeSync(file, "\n");
  }

  /** False where the oldest segment would have to go, and the table does not have it. */
  function rotate(): boolean {
    const kept = segmentsIn(folder);
    const doomed = kept.slice(0, Math.max(0, kept.length + 1 - bounds.segments));
    if (doomed.some((number) => number >= shippedTo.segment)) return false;
    const full = open;
    fsyncSync(full);
    open = openSegment(segment + 1);
    segment += 1;
    bytes = 0;
    // A flush of it may be under way.
    void (flushing ?? Promise.resolve()).finally(() => closeSync(full)).catch(() => undefined);
    for (const number of doomed) rmSync(join(folder, nameOf(number)), { force: true });
    return true;
  }

  return {
    append(line) {
      const text = Buffer.from(`${isTorn ? "\n" : ""}${line}\n`);
      if (text.length > readBytes) return false;
      try {
        if (bytes > 0 && bytes + text.length > bounds.segmentBytes && !rotate()) return false;
        const written = writeSync(open, text);
        bytes += written;
        isTorn = written < text.length;
        return !isTorn;
      } catch {
        isTorn = true;
        return false;
      }
    },
    sync() {
      // What is written while one flush runs is for the next.
      nextFlush ??= (flushing ?? Promise.resolve())
        .catch(() => undefined)
        .then(() => {
          nextFlush = undefined;
          flushing = flushToDisk(open);
          return flushing;
        });
      return nextFlush;
    },
    waiting: () => readLines(folder, shippedTo),
    shipped(end, tip) {
      shippedTo = end;
      const draft = `${noteIn(folder)}.new`;
      writeFileSync(draft, JSON.stringify({ place: end, tip }), { mode: 0o600 });
      renameSync(draft, noteIn(folder));
    },
    [Symbol.dispose]: () => closeSync(open),
  };
}
