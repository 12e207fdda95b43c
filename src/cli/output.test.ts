/** What is printed is read by a person: nothing that somebody else wrote steers their terminal. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createOutput } from "./output.ts";

function capture() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 200 });
  return { stream, text: () => String(stream.read() ?? "") };
}
const open = (isJson = false) => {
  const [stdout, stderr] = [capture(), capture()];
  const terminal = { stdout: stdout.stream, stderr: stderr.stream, colors: true };
  return { output: createOutput(terminal, isJson), stdout, stderr };
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
  const { output, stdout } = open(true);
  output.json({ name: hostile });
  expect(JSON.parse(stdout.text())).toEqual({ name: hostile });
});
