/** Keeps what an answer has said, for whoever is asked to go on with it. */
import type { SoFar } from "./continuation.ts";
import type { EventReading } from "../dialects/answer-shape.ts";

/** Of longer answers nothing is kept: they are not continued. Some 300,000 tokens. */
const mostCharacters = 1_048_576;

export interface Keeper {
  add(read: Pick<EventReading<unknown>, "text" | "textBytes">): void;
  soFar(): SoFar;
}

export function createKeeper(): Keeper {
  let text = "";
  let tokens = 0;
  let isPlain = true;
  return {
    add(read) {
      if (read.textBytes === 0) return;
      tokens += 1;
      isPlain &&= read.text !== undefined && text.length + read.text.length <= mostCharacters;
      text = isPlain ? text + read.text! : "";
    },
    soFar: () => ({ text, tokens, isPlain }),
  };
}
