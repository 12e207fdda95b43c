/** What is printed is read by a person: nothing that somebody else wrote steers their terminal. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import type { Environment } from "../host/env.ts";
import { productionFiles } from "../../test/house-rules/source-files.ts";
import { readLooks } from "./config.ts";
import { spelledInAscii } from "./looks.ts";
import { createOutput } from "./output.ts";

function capture(at: { isTTY: boolean; columns: number }) {
  const stream = Object.assign(new PassThrough(), at);
  return { stream, text: () => String(stream.read() ?? "") };
}
interface Place {
  environment?: Environment;
  isJson?: boolean;
  columns?: number;
  /** What is no terminal. */
  piped?: readonly ("stdout" | "stderr")[];
}
const open = ({ environment = {}, isJson = false, columns = 200, piped = [] }: Place = {}) => {
  const at = (name: "stdout" | "stderr") => capture({ isTTY: !piped.includes(name), columns });
  const [stdout, stderr] = [at("stdout"), at("stderr")];
  const terminal = { stdout: stdout.stream, stderr: stderr.stream };
  return { output: createOutput(terminal, readLooks(environment), isJson), stdout, stderr };
};
/** Writes the clipboard, ends such a word, turns the reading round, and begins an eight bit sequence. */
const hostile = "a\u001b]52;c;AAAA\u0007b\u202ec\u009b31m\r";
const spelled = "a\\u{1b}]52;c;AAAA\\u{7}b\\u{202e}c\\u{9b}31m\\u{d}";

test("control and format characters are spelled out, in lines, notes, tables and beside a bar", () => {
  const { output, stdout, stderr } = open();
  output.say(`${hostile}\nnext`);
  expect(stdout.text()).toBe(`${spelled}\nnext\n`);
  output.note(hostile);
  expect(stderr.text()).toBe(`${spelled}\n`);
  output.table(["model"], [[`${hostile}\nforged row`]]);
  expect(stdout.text()).toContain(`${spelled} forged row`);
  output.progress("reading").update(0.5, hostile);
  expect(stderr.text()).toContain(spelled);
});

test("our own styles stay, and so does what joins the letters of an answer", () => {
  const { output, stdout } = open();
  output.say(output.bold("b") + output.dim("d"));
  expect(stdout.text()).toBe("\u001b[1mb\u001b[22m\u001b[2md\u001b[22m\n");
  output.stream("👩\u200d🔬\r\n\u001b[2J");
  expect(stdout.text()).toBe("👩\u200d🔬\r\n\\u{1b}[2J");
});

test("programs get every character, as JSON spells it", () => {
  const { output, stdout } = open({ isJson: true });
  output.json({ name: hostile });
  expect(JSON.parse(stdout.text())).toEqual({ name: hostile });
});

test.each<[string, Place]>([
  ["under NO_COLOR", { environment: { NO_COLOR: "1" } }],
  ["on a terminal that knows no codes", { environment: { TERM: "dumb" } }],
  ["into pipes", { piped: ["stdout", "stderr"] }],
])("%s nothing is styled", (_, place) => {
  const { output, stdout, stderr } = open(place);
  output.say(output.bold("b"));
  output.table(["head"], [[output.dim("d")]]);
  output.stream(output.dim("thought"));
  output.note(output.dim("n"));
  expect(stdout.text() + stderr.text()).toBe("b\nhead\nd\nthoughtn\n");
});

test("each of the two outputs is styled by what it goes to", () => {
  const { output, stdout, stderr } = open({ piped: ["stderr"] });
  output.say(output.bold("b"));
  output.note(output.dim("n"));
  expect([stdout.text(), stderr.text()]).toEqual(["\u001b[1mb\u001b[22m\n", "n\n"]);
});

test("a line is overwritten where a cursor moves, and fits the window with its share in sight", () => {
  const narrow = open({ columns: 40 });
  const bar = narrow.output.progress("Proving on a processor with a long name");
  bar.update(0.45, "3 of 7 files");
  bar.done();
  const drawn = narrow.stderr.text().split("\r").filter(Boolean);
  expect(drawn).toHaveLength(3);
  for (const line of drawn) expect(line.replace("\u001b[K", "").length).toBeLessThan(40);
  expect(drawn[1]).toContain(" 45 %");
  for (const place of [
    { environment: { TERM: "dumb" } },
    { piped: ["stderr"] },
  ] satisfies Place[]) {
    const { output, stderr } = open(place);
    const progress = output.progress("Getting it");
    progress.update(0.5, "half");
    progress.done();
    expect(stderr.text()).toBe("Getting it…\n");
  }
});

test("a table that a narrow window would break is a list of its cells", () => {
  const head = ["node", "models"];
  const rows = [
    ["a", "one:1b, another-model:7b, the-third:70b"],
    ["b", ""],
  ];
  const { output, stdout } = open({ columns: 40 });
  output.table(head, rows);
  expect(stdout.text()).toBe(
    "node    a\nmodels  one:1b, another-model:7b, the-third:70b\n\nnode    b\n",
  );
  output.table(head, [["a", "b"]]);
  expect(stdout.text()).toBe("node  models\na     b\n");
});

test.each([
  ["C", { LC_ALL: "C", LANG: "en_US.UTF-8" }, false],
  ["a character set of its own", { LC_CTYPE: "de_DE.ISO-8859-15" }, false],
  ["UTF-8", { LANG: "C.utf8", LC_ALL: "" }, true],
  ["none", {}, true],
])("in a locale of %s our own signs are those it has", (_, environment, hasUnicode) => {
  const { output, stdout, stderr } = open({ environment });
  output.say("1 → 2, model-é");
  output.table(["size"], [["64 × 64"]]);
  output.progress("Reading").update(0.5);
  output.note("Stopping…");
  const told = stdout.text() + stderr.text();
  const inAscii = ["->", "64 x 64", "#####.....", "Stopping...", "model-é"];
  for (const sign of hasUnicode ? ["→", "×", "█", "…"] : inAscii) expect(told).toContain(sign);
});

test("every sign that a command prints has a spelling in ASCII", () => {
  const printed = productionFiles().filter(({ path }) => path.startsWith("src/cli/"));
  const strings = printed.flatMap((file) => [...file.strings.values()]);
  expect(strings.length).toBeGreaterThan(1_000);
  expect(strings.filter((text) => /\P{ASCII}/u.test(spelledInAscii(text)))).toEqual([]);
});
