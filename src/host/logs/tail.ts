/** Reads a log that is being written: what is there, and then what comes, past the moment when the file is put aside. */
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

export interface Tail extends Disposable {
  /** Whole lines since the last call; at first all that the file holds. */
  read(): string[];
}

const chunkBytes = 64 * 1_024;

/** A file that is not there yet is one without lines. */
export function openTail(path: string): Tail {
  let opened: { descriptor: number; decoder: StringDecoder; rest: string } | undefined;
  const chunk = Buffer.alloc(chunkBytes);

  function open() {
    try {
      opened = { descriptor: openSync(path, "r"), decoder: new StringDecoder("utf8"), rest: "" };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  function close() {
    if (opened) closeSync(opened.descriptor);
    opened = undefined;
  }

  function linesLeft(): string[] {
    if (!opened) return [];
    let text = opened.rest;
    for (let size; (size = readSync(opened.descriptor, chunk)) > 0;)
      text += opened.decoder.write(chunk.subarray(0, size));
    const lines = text.split("\n");
    opened.rest = lines.pop()!;
    return lines;
  }

  return {
    read() {
      if (!opened) open();
      const lines = linesLeft();
      // Put aside: what was written to it before that has been read just now, or is read with the next call.
      if (opened && inodeAt(path) !== fstatSync(opened.descriptor).ino) {
        lines.push(...linesLeft());
        close();
        open();
        lines.push(...linesLeft());
      }
      return lines;
    },
    [Symbol.dispose]: close,
  };
}

function inodeAt(path: string): number | undefined {
  try {
    return statSync(path).ino;
  } catch {
    return undefined;
  }
}

/** Lines of the files put aside, from the newest file to the oldest, each from its first line to its last. */
export function* olderFiles(path: string): Generator<string[]> {
  for (let age = 1; ; age += 1) {
    let text: string;
    try {
      text = readFileSync(`${path}.${age}`, "utf8");
    } catch {
      return;
    }
    yield text.split("\n").filter(Boolean);
  }
}
