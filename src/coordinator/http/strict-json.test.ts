import { expect, test } from "vitest";
import { parseStrictJson } from "./strict-json.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

test.each(['{"a":[1,{"b":"c"}]}', "[]", '"a:b,{"', '{"a":"\\"","b":{"a":1}}', ' {"x" : null} '])(
  "%s is read",
  (text) => {
    expect(parseStrictJson(bytes(text))).toEqual(JSON.parse(text));
  },
);

test.each([
  ["nothing", bytes(""), "invalid_json"],
  ["half an object", bytes('{"a":'), "invalid_json"],
  ["a byte order mark", bytes("\uFEFF{}"), "invalid_json"],
  ["bytes that are not UTF-8", Uint8Array.of(0x22, 0xff, 0x22), "invalid_json"],
  ["a comment", bytes("{} // x"), "invalid_json"],
  ["a key twice", bytes('{"a":1,"a":2}'), "duplicate_key"],
  ["a key twice, once escaped", bytes('{"a":1,"\\u0061":2}'), "duplicate_key"],
  ["a key twice in an inner object", bytes('[{"a":{"b":1,"c":"}","b":2}}]'), "duplicate_key"],
  ["depth 33", bytes("[".repeat(33) + "]".repeat(33)), "json_too_deep"],
  ["a very deep one", bytes("[".repeat(60_000)), "json_too_deep"],
  ["NUL", bytes('{"a":"\\u0000"}'), "invalid_value"],
  ["half a surrogate pair", bytes('{"a":"\\ud800"}'), "invalid_value"],
])("%s is refused", (_name, input, code) => {
  expect(() => parseStrictJson(input)).toThrowError(expect.objectContaining({ code }));
});

test("depth 32 is read", () => {
  expect(() => parseStrictJson(bytes("[".repeat(32) + "]".repeat(32)))).not.toThrow();
});

test("a key named __proto__ is a key like any other", () => {
  const value = parseStrictJson(bytes('{"__proto__":{"polluted":true}}'));
  expect(Object.keys(value as object)).toEqual(["__proto__"]);
  expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
});
