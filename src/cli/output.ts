/** What a command prints: data on stdout, progress on stderr, and with `--json` one object as the last line of stdout. */
import Table from "cli-table3";
import { styleText } from "node:util";

/**
 * What somebody else wrote must not steer the terminal: control and format characters are spelled out, but for line ends,
 * tabs, and the styles that are our own.
 */
export const printable = (text: string): string =>
  // It is control characters that are meant.
  // oxlint-disable-next-line no-control-regex
  spelledOut(text, /(?!\u001b\[(?:1|2|22)m)[[\p{Cc}\p{Cf}]--[\n\t]]/gv);

/** An answer is somebody's text: what joins letters and signs stays, and so do the line ends of a table's export. */
const streamed = (text: string): string =>
  // oxlint-disable-next-line no-control-regex
  spelledOut(text, /(?!\u001b\[(?:1|2|22)m)[\p{Cc}--[\n\r\t]]/gv);

const spelledOut = (text: string, unwanted: RegExp): string =>
  text.replaceAll(unwanted, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);

export interface Terminal {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  /** False under `NO_COLOR`. */
  colors: boolean;
}

export interface Progress {
  /** @param detail what is happening, beside the bar */
  update(share: number, detail?: string): void;
  done(): void;
}

export interface Output {
  readonly isJson: boolean;
  /** Data for people; silent with `--json`. */
  say(text: string): void;
  /** Data without a line end, as an answer streams in. */
  stream(text: string): void;
  /** Progress; never data. */
  note(text: string): void;
  /** The result, for programs. Prints nothing without `--json`. */
  json(value: unknown): void;
  table(head: string[], rows: string[][]): void;
  bold(text: string): string;
  dim(text: string): string;
  /** A line that is overwritten: progress from 0 to 1. Only on a terminal; else a note at the beginning. */
  progress(label: string): Progress;
}

export function createOutput(
  { stdout, stderr, colors }: Omit<Terminal, "stdin">,
  isJson: boolean,
): Output {
  const style = (name: "bold" | "dim", text: string) =>
    colors && stdout.isTTY ? styleText(name, text, { validateStream: false }) : text;
  const note = (text: string) => void stderr.write(`${printable(text)}\n`);
  return {
    isJson,
    say: (text) => void (isJson || stdout.write(`${printable(text)}\n`)),
    stream: (text) => void (isJson || stdout.write(streamed(text))),
    note,
    json: (value) => void (isJson && stdout.write(`${JSON.stringify(value)}\n`)),
    table(head, rows) {
      if (isJson) return;
      const plain = { top: "", "top-mid": "", "top-left": "", "top-right": "" };
      const bare = {
        ...plain,
        bottom: "",
        "bottom-mid": "",
        "bottom-left": "",
        "bottom-right": "",
      };
      const chars = {
        ...bare,
        left: "",
        "left-mid": "",
        mid: "",
        "mid-mid": "",
        right: "",
        "right-mid": "",
        middle: "  ",
      };
      const table = new Table({
        head,
        chars,
        style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
      });
      // A line end would begin a row of its own.
      table.push(
        ...rows.map((row) => row.map((cell) => printable(cell).replaceAll(/[\n\t]/g, " "))),
      );
      stdout.write(`${table.toString()}\n`);
    },
    bold: (text) => style("bold", text),
    dim: (text) => style("dim", text),
    progress(label) {
      if (!stderr.isTTY) {
        note(`${label}…`);
        return { update: () => undefined, done: () => undefined };
      }
      const width = 20;
      const draw = (share: number, detail = "") => {
        const full = Math.round(width * Math.min(1, Math.max(0, share)));
        const percent = `${Math.round(share * 100)}`.padStart(3);
        const bar = `${"█".repeat(full)}${"░".repeat(width - full)} ${percent} %`;
        // A line that wraps could not be overwritten.
        const line = printable(`${label}  ${bar}  ${detail}`).slice(0, (stderr.columns ?? 80) - 1);
        stderr.write(`\r${line}\u001b[K`);
      };
      draw(0);
      return { update: draw, done: () => void stderr.write(`\r\u001b[K`) };
    },
  };
}
