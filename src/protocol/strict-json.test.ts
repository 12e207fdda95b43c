import { expect, test } from "vitest";
import { readStrictJson } from "./strict-json.ts";

const read = (text: string) => readStrictJson(Buffer.from(text));
const codeOf = (bytes: Uint8Array) => {
  try {
    readStrictJson(bytes);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
};

test.each([
  `{"a":1,"b":{"a":2},"c":[{"a":3},{"a":4}]}`,
  `{"a":"a","b":"{\\"a\\":1,\\"a\\":2}"}`,
  `{"\\\\":1,"\\"":2}`,
  `{ "a" : [ ":" , "a" ] }`,
  `"\\\\\\""`,
  `"\\ud83d\\ude00"`,
])("%s is read as JSON.parse reads it", (text) => {
  expect(read(text)).toEqual(JSON.parse(text));
});

test.each([
  [`{"a":1,"a":2}`, "duplicate_key"],
  [`{"a":1,"\\u0061":2}`, "duplicate_key"],
  [`[{"x":{"a":1,"b":[],"a":2}}]`, "duplicate_key"],
  ["[".repeat(33) + "]".repeat(33), "json_too_deep"],
  ["\ufeff{}", "invalid_json"],
  ["{'a':1}", "invalid_json"],
  ["", "invalid_json"],
  ["1e400", "invalid_value"],
  [`"\\u0000"`, "invalid_value"],
  [`"\\ud800"`, "invalid_value"],
  [`{"\\u0000":1}`, "invalid_value"],
  [`{"a":`, "invalid_json"],
  [`{"a`, "invalid_json"],
  [`{"a\\`, "invalid_json"],
  ["{} // x", "invalid_json"],
  ["[".repeat(60_000), "json_too_deep"],
])("%j is refused", (text, code) => {
  expect(codeOf(Buffer.from(text))).toBe(code);
});

test("32 levels are read, and text that is no UTF-8 is not", () => {
  expect(codeOf(Buffer.from("[".repeat(32) + "]".repeat(32)))).toBeUndefined();
  expect(codeOf(Uint8Array.of(0x22, 0xff, 0x22))).toBe("invalid_json");
});

test("the parameter at fault is named by its first level", () => {
  expect(() => read(`{"messages":[{"content":"\\u0000"}]}`)).toThrow(
    expect.objectContaining({ code: "invalid_value", param: "messages" }) as Error,
  );
});

test("a text of megabytes is no trouble", () => {
  const image = "A".repeat(4_000_000);
  expect(read(JSON.stringify({ image }))).toEqual({ image });
});

test("a key named __proto__ is a key like any other", () => {
  const value = read('{"__proto__":{"polluted":true}}');
  expect(Object.keys(value as object)).toEqual(["__proto__"]);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});

test("a list of 200,000 numbers is read, and more values than any request has use for are not", () => {
  const numbers = Array.from({ length: 200_000 }, (_, at) => at);
  expect(read(JSON.stringify({ input: numbers }))).toEqual({ input: numbers });
  const list = (text: string) => Buffer.from(`{"input":[${Array(250_000).fill(text).join()}]}`);
  for (const value of ["1", "[]", "{}", '""', '{"a":1}'])
    expect(codeOf(list(value)), value).toBe("request_too_large");
});
