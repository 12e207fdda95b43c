/** What a person types, line by line, with the arrow keys' memory in a file of mode 0600. */
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Terminal } from "../../output.ts";

const historyLines = 1_000;

/** Lines as they are typed, also those typed while an answer comes. */
export interface Lines {
  /** A line that ends with a backslash goes on. @returns undefined at the end */
  next(): Promise<string | undefined>;
  onInterrupt(listener: () => void): void;
  /** Forgets what is being typed, and asks anew. */
  drop(): void;
  close(): void;
}

/** @param file of what was typed; undefined: none is kept */
export function openLines(
  { stdin, stderr }: Pick<Terminal, "stdin" | "stderr">,
  file: string | undefined,
): Lines {
  const history = file === undefined ? [] : readHistory(file);
  const lines = createInterface({
    ...{ input: stdin, output: stderr, terminal: true, history },
    ...{ historySize: historyLines, removeHistoryDuplicates: true },
  });
  const typed: string[] = [];
  /** Lines that ended with a backslash, of the one that is being typed. */
  let begun = "";
  let isClosed = false;
  let wake = () => {};
  lines.on("line", (line) => {
    typed.push(line);
    wake();
  });
  lines.on("close", () => {
    isClosed = true;
    wake();
  });

  async function line(prompt: string): Promise<string | undefined> {
    lines.setPrompt(prompt);
    if (typed.length === 0 && !isClosed) {
      lines.prompt();
      await new Promise<void>((resolve) => (wake = resolve));
    }
    return typed.shift();
  }

  return {
    async next() {
      begun = "";
      for (;;) {
        const part = await line(begun === "" ? "> " : ". ");
        if (part === undefined) return undefined;
        if (file !== undefined && part.trim() !== "") keep(file, part);
        if (!part.endsWith("\\")) return begun + part;
        begun += `${part.slice(0, -1)}\n`;
      }
    },
    drop() {
      begun = "";
      typed.length = 0;
      for (const name of ["e", "u"]) lines.write(null, { ctrl: true, name });
      lines.setPrompt("> ");
      lines.prompt();
    },
    onInterrupt: (listener) => void lines.on("SIGINT", listener),
    close: () => lines.close(),
  };
}

/** Newest first, as the terminal wants it. */
function readHistory(file: string): string[] {
  try {
    const lines = readFileSync(file, "utf8").split("\n").filter(Boolean).slice(-historyLines);
    writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
    chmodSync(file, 0o600);
    return lines.toReversed();
  } catch {
    return [];
  }
}

/** For the arrow keys: a disk that is full must not end a conversation. */
function keep(file: string, line: string): void {
  try {
    appendFileSync(file, `${line}\n`, { mode: 0o600 });
  } catch {
    // Only the next start misses it.
  }
}
