/** What somebody typed after a tool's name. */

/** Undefined, and said why and how it is used, where it is not understood. */
export function readWish<Wish>(
  readOptions: (words: string[]) => Wish,
  usage: string,
): Wish | undefined {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    return undefined;
  }
}
