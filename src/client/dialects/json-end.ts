/** Tells when a JSON object or list that comes in fragments is at its end, looking at each character once. Pure. */

export interface JsonEnd {
  take(fragment: string): void;
  /** Whatever comes after it is no part of it. */
  isReached(): boolean;
}

export function createJsonEnd(): JsonEnd {
  let depth = 0;
  let isReached = false;
  let isInString = false;
  let isEscaped = false;

  function takeInString(character: string): void {
    if (isEscaped) isEscaped = false;
    else if (character === "\\") isEscaped = true;
    else if (character === '"') isInString = false;
  }

  return {
    take(fragment) {
      for (const character of fragment) {
        if (isReached) return;
        if (isInString) takeInString(character);
        else if (character === '"') isInString = true;
        else if (character === "{" || character === "[") depth += 1;
        else if (character === "}" || character === "]") isReached = (depth -= 1) <= 0;
      }
    },
    isReached: () => isReached,
  };
}
