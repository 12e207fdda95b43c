/**
 * A log on disk that ends somewhere: when the file is full it becomes `.1`, what was `.1` becomes `.2`, and the oldest
 * goes. Written line by line and at once, so that a killed process has said what it had to say.
 */
import {
  closeSync,
  fchmodSync,
  fstatSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import type { DestinationStream } from "pino";

export interface RotatingFileOptions {
  path: string;
  /** A file that has reached this takes no further line. */
  fileBytes?: number;
  /** With the one that is written. */
  files?: number;
}

const fileBytesDefault = 4 * 1_024 * 1_024;
const filesDefault = 5;
/** Nothing that is meant to be read is longer; a stack of errors within errors could be. */
const lineBytesMost = 64 * 1_024;

/** Never throws: a full disk costs log lines, not the work that they are about. */
export function createRotatingFile({
  path,
  fileBytes = fileBytesDefault,
  files = filesDefault,
}: RotatingFileOptions): DestinationStream & Disposable {
  let opened: { descriptor: number; bytes: number } | undefined;

  function open() {
    const descriptor = openSync(path, "a", 0o600);
    // One that was there before, or a lax umask.
    fchmodSync(descriptor, 0o600);
    return { descriptor, bytes: fstatSync(descriptor).size };
  }

  function close() {
    if (opened) closeSync(opened.descriptor);
    opened = undefined;
  }

  /** Another process may have been first, such as one that was refused and had only a line to write. */
  const isOurs = (descriptor: number) => statSync(path).ino === fstatSync(descriptor).ino;

  function rotate() {
    const shouldMove = opened !== undefined && isOurs(opened.descriptor);
    close();
    if (!shouldMove) return;
    for (let age = files - 2; age >= 1; age -= 1) moveAside(`${path}.${age}`, `${path}.${age + 1}`);
    moveAside(path, `${path}.1`);
  }

  return {
    write(text) {
      const line = Buffer.from(text);
      if (line.length > lineBytesMost) return;
      try {
        opened ??= open();
        if (opened.bytes > 0 && opened.bytes + line.length > fileBytes) rotate();
        opened ??= open();
        writeSync(opened.descriptor, line);
        opened.bytes += line.length;
      } catch {
        // The next line tries again.
        attempt(close);
      }
    },
    [Symbol.dispose]: () => attempt(close),
  };
}

function moveAside(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // There is nobody to tell: this is the log.
  }
}
