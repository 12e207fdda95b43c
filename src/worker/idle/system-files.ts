/** Small files in which an operating system shows one figure or word each. */
import { readFile } from "node:fs/promises";

/** Without the line's end; undefined where there is no such file, or the driver will not say. */
export async function wordAt(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch {
    return undefined;
  }
}

export async function numberAt(path: string): Promise<number | undefined> {
  const word = await wordAt(path);
  return word !== undefined && /^-?\d+(\.\d+)?$/.test(word) ? Number(word) : undefined;
}
