/**
 * Just enough of TypeScript's grammar to tell code from comments and strings, so that rules may be plain patterns.
 * A real parser was rejected: the rules need no tree, and this keeps working whatever syntax comes next.
 */

export interface SourceText {
  /** The source with comments and the insides of strings turned to spaces. Offsets and line numbers are the same. */
  code: string;
  /** Every string literal, by the offset of its opening quote in `code`. */
  strings: ReadonlyMap<number, string>;
}

// Where a value has just ended, a slash divides; anywhere else it begins a regular expression.
const valueEnd = /[\w$)\]}"'`]$/;
const keywordEnd = /(^|[^\w$.])(return|typeof|case|in|of|await|yield|void|throw|else|do)$/;

export function readSource(text: string): SourceText {
  const code: string[] = [];
  const strings = new Map<number, string>();
  /** For each open `${`, how many braces are open within it. */
  const templates: number[] = [];
  let at = 0;

  const keep = (length: number) => {
    code.push(text.slice(at, at + length));
    at += length;
  };
  const blank = (length: number) => {
    code.push(text.slice(at, at + length).replaceAll(/[^\n]/g, " "));
    at += length;
  };
  const blankString = (length: number) => {
    const start = at;
    keep(1);
    blank(length - 2);
    keep(1);
    strings.set(start, text.slice(start + 1, at - 1));
  };
  const divides = () => {
    const before = code.join("").slice(-200).trimEnd();
    return valueEnd.test(before) && !keywordEnd.test(before);
  };

  while (at < text.length) {
    const rest = text.slice(at, at + 2);
    const character = text.charAt(at);
    if (rest === "//") blank(lengthOf(/[^\n]*/y));
    else if (rest === "/*") blank(lengthOf(/\/\*[^]*?(\*\/|$)/y));
    else if (character === '"') blankString(lengthOf(/"(\\[^]|[^"\\])*"/y));
    else if (character === "'") blankString(lengthOf(/'(\\[^]|[^'\\])*'/y));
    else if (character === "/" && !divides())
      blankString(lengthOf(/\/(\\.|\[(\\.|[^\]\\])*\]|[^/\\[\n])+\//y));
    else if (character === "`") blankTemplate();
    else if (character === "}" && templates.at(-1) === 0) {
      templates.pop();
      blankTemplate();
    } else {
      if (templates.length > 0) templates.push(templates.pop()! + braceDepth(character));
      keep(1);
    }
  }
  return { code: code.join(""), strings };

  /** From a backtick, or the brace that closes a substitution, to the next substitution or the end. */
  function blankTemplate() {
    const length = lengthOf(/[`}](\\[^]|\$(?!\{)|[^`\\$])*(`|\$\{)/y);
    const opens = text.slice(at, at + length).endsWith("${");
    strings.set(at, text.slice(at + 1, at + length - (opens ? 2 : 1)));
    keep(1);
    blank(length - (opens ? 3 : 2));
    keep(opens ? 2 : 1);
    if (opens) templates.push(0);
  }

  function lengthOf(pattern: RegExp): number {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0].length;
    // Not closed, or not what it looked like: go on behind the character rather than for ever.
    return found ?? 2;
  }
}

function braceDepth(character: string): number {
  if (character === "{") return 1;
  return character === "}" ? -1 : 0;
}

/** The modules that a source names: import and export declarations, `import()` and `import("…")` types. */
export function importsOf({ code, strings }: SourceText): string[] {
  const reference = /(?<![\w$.])(?:from|import)\s*\(?\s*(["'`])/g;
  return Array.from(code.matchAll(reference), (match) => {
    const quote = match.index + match[0].length - 1;
    return strings.get(quote) ?? "";
  });
}
