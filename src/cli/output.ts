/** What a command prints: data on stdout, progress on stderr, and with `--json` one object as the last line of stdout. */
import Table from "cli-table3";
import { styleText } from "node:util";
import { type Looks, spelledInAscii } from "./looks.ts";

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

// oxlint-disable-next-line no-control-regex
const ownStyles = /\u001b\[(?:1|2|22)m/g;

/** Of `"  100 %"`. */
const shareWidth = 7;

/** From here on people are used to lines that wrap. */
const usualColumns = 80;

export interface Terminal {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  stdout: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
  stderr: NodeJS.WritableStream & { isTTY?: boolean; columns?: number };
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
  /** In a narrow window that it does not fit, one line for each cell. */
  table(head: string[], rows: string[][]): void;
  bold(text: string): string;
  dim(text: string): string;
  /** A line that is overwritten: progress from 0 to 1. Where none can be, a note at the beginning. */
  progress(label: string): Progress;
}

export function createOutput(
  { stdout, stderr }: Omit<Terminal, "stdin">,
  { hasStyles, hasCursor, hasUnicode }: Looks,
  isJson: boolean,
): Output {
  const style = (name: "bold" | "dim", text: string) =>
    styleText(name, text, { validateStream: false });
  const fit = (text: string) => (hasUnicode ? text : spelledInAscii(text));
  const write = (stream: Terminal["stdout"], text: string) =>
    void stream.write(hasStyles && stream.isTTY ? text : text.replaceAll(ownStyles, ""));
  const note = (text: string) => write(stderr, `${fit(printable(text))}\n`);
  return {
    isJson,
    say: (text) => isJson || write(stdout, `${fit(printable(text))}\n`),
    stream: (text) => isJson || write(stdout, streamed(text)),
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
      const cells = rows.map((row) =>
        row.map((cell) => fit(printable(cell)).replaceAll(/[\n\t]/g, " ")),
      );
      table.push(...cells);
      const text = table.toString().replaceAll(/ +$/gm, "");
      const width = (stdout.isTTY && stdout.columns) || usualColumns;
      const fits = width >= usualColumns || text.split("\n").every((line) => line.length <= width);
      write(stdout, `${fits ? text : cells.map((row) => listed(head, row)).join("\n\n")}\n`);
    },
    bold: (text) => style("bold", text),
    dim: (text) => style("dim", text),
    progress(label) {
      if (!stderr.isTTY || !hasCursor) {
        note(`${label}…`);
        return { update: () => undefined, done: () => undefined };
      }
      const width = 20;
      const draw = (share: number, detail = "") => {
        const full = Math.round(width * Math.min(1, Math.max(0, share)));
        const percent = `${Math.round(share * 100)}`.padStart(3);
        const bar = `  ${percent} %  ${"█".repeat(full)}${"░".repeat(width - full)}`;
        // A line that wraps could not be overwritten, and of a narrow one the share is what matters.
        const room = Math.max((stderr.columns || usualColumns) - 1, shareWidth);
        const named = printable(label).slice(0, room - shareWidth);
        stderr.write(`\r${fit(printable(`${named}${bar}  ${detail}`).slice(0, room))}\u001b[K`);
      };
      draw(0);
      return { update: draw, done: () => void stderr.write(`\r\u001b[K`) };
    },
  };
}

/** A row as a list of what is in it. */
function listed(head: readonly string[], row: readonly string[]): string {
  const width = Math.max(...head.map(({ length }) => length));
  const lines = row.map((cell, index) => [(head[index] ?? "").padEnd(width), cell] as const);
  return lines.flatMap(([name, cell]) => (cell === "" ? [] : `${name}  ${cell}`)).join("\n");
}
