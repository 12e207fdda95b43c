/** What can be shown where a person reads: not every terminal has styles, a cursor that moves, or signs beyond ASCII. */

export interface Looks {
  /** Bold and dim. */
  hasStyles: boolean;
  /** A line can be overwritten. */
  hasCursor: boolean;
  hasUnicode: boolean;
}

const inAscii: Readonly<Record<string, string>> = {
  "…": "...",
  "→": "->",
  "·": "-",
  "×": "x",
  "°": "",
  "█": "#",
  "░": ".",
};

/** The program's own signs in ASCII; what others wrote, such as a model's name, stays. */
export const spelledInAscii = (text: string): string =>
  text.replaceAll(/\P{ASCII}/gu, (sign) => inAscii[sign] ?? sign);
