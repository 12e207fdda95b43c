import { expect, test } from "vitest";
import { importsOf, readSource } from "./source-text.ts";

const codeOf = (text: string) => readSource(text).code;

test("comments turn to spaces, line by line", () => {
  expect(codeOf("a; // b\nc; /* d\ne */ f")).toBe("a;     \nc;     \n     f");
});

test("the inside of a string turns to spaces, its quotes stay", () => {
  expect(codeOf(`x = "Date.now()" + 'a\\'b' // "`)).toBe(`x = "          " + '    '     `);
});

test("a template's text turns to spaces, the code within it stays", () => {
  expect(codeOf("`a ${b(`c ${d} e`, { f })} g` + h")).toBe("`  ${b(`  ${d}  `, { f })}  ` + h");
});

test("a regular expression is text, a division is code", () => {
  expect(codeOf(`/"[/]/.test(a) / b / "c"; return /'/;`)).toBe(
    `/    /.test(a) / b / " "; return / /;`,
  );
});

test("what looks like an unclosed string does not stop the scan", () => {
  expect(codeOf(`' \n Date.now()`)).toContain("Date.now()");
});

test("every form of import is seen", () => {
  const text = `
    import { a } from "./a.ts";
    import type { B } from './b.ts';
    import "./c.ts";
    export * from "./d.ts";
    const e = await import("./e.ts");
    type F = import("./f.ts").F;
    import {
      g, // from "./not.ts"
    } from "./g.ts";
    // import "./not.ts";
    const not = 'import "./not.ts"', array = Array.from("not");`;
  expect(importsOf(readSource(text))).toEqual(
    ["a", "b", "c", "d", "e", "f", "g"].map((n) => `./${n}.ts`),
  );
});
