/** A file that only grows, until it is emptied. What was appended survives SIGKILL at once. */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  writeSync,
} from "node:fs";

export interface AppendFile extends Disposable {
  /** All of it. */
  read(): Buffer;
  /** One write. Where it fails, what was there before is unharmed, and the next one takes its place. */
  append(bytes: Uint8Array): void;
  clear(): void;
}

/** Only its owner may read it. Throws what the system says. */
export function openAppendFile(path: string): AppendFile {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  let end = fstatSync(file).size;
  return {
    read: () => readFileSync(path),
    append(bytes) {
      const written = writeSync(file, bytes, 0, bytes.length, end);
      if (written < bytes.length) throw new Error(`${path}: the disk is full`);
      end += written;
    },
    clear() {
      ftruncateSync(file, 0);
      end = 0;
    },
    [Symbol.dispose]: () => closeSync(file),
  };
}
