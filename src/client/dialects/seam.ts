/**
 * Where one node's part of an answer ends and another's begins. What the first said last, white space, the second was
 * not told, so that it says it again: as far as it does, it is dropped. Pure.
 */
export interface Seam {
  /** From now on `said` is dropped from the beginning of what comes. */
  expect(said: string): void;
  /** @returns what of it is new */
  pass(text: string): string;
}

export function createSeam(): Seam {
  let expected = "";
  return {
    expect(said) {
      expected = said;
    },
    pass(text) {
      if (expected === "" || text === "") return text;
      let same = 0;
      while (same < text.length && text[same] === expected[same]) same += 1;
      // All of it may be the beginning of what is expected.
      expected = same === text.length ? expected.slice(same) : "";
      return text.slice(same);
    },
  };
}
