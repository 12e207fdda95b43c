/** Questions to the person at the terminal, on stderr: stdout is for data. */
import { confirm, isCancel, password, select, text as line } from "@clack/prompts";
import { readFileSync } from "node:fs";
import type { Readable, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { TroopError } from "../protocol/error-codes.ts";
import { printable, type Terminal } from "./output.ts";
import { again } from "./typed-command.ts";

export interface Questions {
  /** Whether somebody is there to answer. */
  readonly isPossible: boolean;
  /** @param choices at least one; they are what is shown. @throws TroopError `usage` where none is chosen */
  choose(message: string, choices: readonly string[]): Promise<string>;
  /** One of several, each with a label. @param initial what stands there at first. @throws TroopError `usage` where none is chosen */
  pick<Value extends string>(
    message: string,
    choices: readonly { value: Value; label: string }[],
    initial: Value,
  ): Promise<Value>;
  /** A line of text. @param complaint what is wrong with it, if anything. @throws TroopError `usage` where it is refused */
  line(
    message: string,
    initial: string,
    complaint: (answer: string) => string | undefined,
  ): Promise<string>;
  /** What is shown to nobody as it is typed. @throws TroopError `usage` where nothing is */
  password(message: string): Promise<string>;
  /** Something that does no harm: Enter means yes. */
  agrees(message: string): Promise<boolean>;
  /**
   * Asks before something that cannot be taken back; `--yes` has answered already.
   * @param preview what is about to happen, a line each
   * @param usual what Enter says: yes only where the same command takes it back
   * @returns whether it may happen
   * @throws TroopError `usage` where nobody is there to answer
   */
  mayGoOn(preview: readonly string[], flags: { yes?: boolean }, usual?: boolean): Promise<boolean>;
  /**
   * A passphrase from the file (`-`: standard input), typed by the person, or from standard input; never from argv,
   * which everybody on the machine can read.
   * @param isNew it is asked for twice, and must be hard enough to guess
   * @throws TroopError `usage`
   */
  passphrase(file: string | undefined, isNew: boolean): Promise<string>;
}

const shortestPassphrase = 8;

export function createQuestions(
  { stdin, stderr }: Pick<Terminal, "stdin" | "stderr">,
  shutdown: AbortSignal,
): Questions {
  const isPossible = stdin.isTTY === true && stderr.isTTY === true;
  const at = { input: stdin as Readable, output: stderr as Writable, signal: shutdown };

  async function typed(message: string): Promise<string> {
    const answer = await password({ ...at, message });
    if (isCancel(answer)) throw new TroopError("usage", "Nothing was typed.");
    return answer ?? "";
  }

  async function typedTwice(): Promise<string> {
    const first = await typed("A passphrase for the backup; without it the backup is worthless");
    if (first.length >= shortestPassphrase && (await typed("The same again")) !== first)
      throw new TroopError("usage", "The two passphrases differ.");
    return first;
  }

  return {
    isPossible,
    async choose(message, choices) {
      const options = choices.map((value) => ({ value, label: value }));
      const answer = await select({ ...at, message, options });
      if (isCancel(answer)) throw new TroopError("usage", "None was chosen.");
      return answer;
    },
    async pick(message, choices, initialValue) {
      const options = choices.map(({ value, label }) => ({ value: value as string, label }));
      const answer = await select({ ...at, message, options, initialValue });
      const chosen = choices.find(({ value }) => value === answer);
      if (!chosen) throw new TroopError("usage", "None was chosen.");
      return chosen.value;
    },
    async line(message, initialValue, complaint) {
      const validate = (answer: string | undefined) => complaint(answer ?? "");
      const answer = await line({ ...at, message, initialValue, validate });
      if (isCancel(answer)) throw new TroopError("usage", "Nothing was typed.");
      return answer;
    },
    password: typed,
    agrees: async (message) => (await confirm({ ...at, message })) === true,
    async mayGoOn(preview, { yes }, usual = false) {
      for (const line of preview) stderr.write(`${printable(line)}\n`);
      if (yes) return true;
      if (!isPossible)
        throw new TroopError("usage", "This needs a yes.", {
          cause: new Error("Nobody is there to be asked: this is no terminal."),
          details: { run: `${again} --yes` },
        });
      const answer = await confirm({ ...at, message: "Go on?", initialValue: usual });
      return answer === true;
    },

    async passphrase(file, isNew) {
      const isTyped = file === undefined && isPossible;
      const found = isTyped
        ? await (isNew ? typedTwice() : typed("The backup's passphrase"))
        : withoutLineEnd(file === undefined || file === "-" ? await text(stdin) : readFile(file));
      if (isNew && found.length < shortestPassphrase)
        throw new TroopError(
          "usage",
          `A passphrase has at least ${shortestPassphrase} characters.`,
        );
      if (found === "") throw new TroopError("usage", "The passphrase is empty.");
      return found;
    },
  };
}

const withoutLineEnd = (text: string): string => text.replace(/\r?\n$/, "");

function readFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new TroopError("usage", `The passphrase file ${path} cannot be read.`, { cause: error });
  }
}
