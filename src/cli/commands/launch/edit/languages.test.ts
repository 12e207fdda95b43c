/** One value is set in another program's file: the rest stays, to the last space, in each language. */
import { expect, test } from "vitest";
import { json } from "./json.ts";
import { type Language, type Setting, withoutSettings, withSettings } from "./setting.ts";
import { toml } from "./toml.ts";
import { yaml } from "./yaml.ts";

const set = (language: Language, text: string, ...settings: Setting[]) =>
  withSettings(text, settings, language).text;
const at = (value: unknown, ...path: Setting["path"]): Setting => ({ path, value });

test.each<[string, Language, string, Setting[], string]>([
  ["a key of an empty file", json, "", [at(1, "a", "b")], '{\n  "a": {\n    "b": 1\n  }\n}\n'],
  [
    "a key between comments",
    json,
    '{\n\t// mine\n\t"x": [1,2,], /* odd */\n}\n',
    [at("v", "a")],
    '{\n\t// mine\n\t"x": [1,2,], /* odd */\n\t"a": "v",\n}\n',
  ],
  [
    "a key behind a value with words about it",
    json,
    '{\n  "o": {\n    "x": 1 // why\n  }\n}',
    [at([1], "o", "y")],
    '{\n  "o": {\n    "x": 1, // why\n    "y": [\n      1\n    ]\n  }\n}',
  ],
  [
    "a key on a line with others",
    json,
    '{"a": {"b": 1}}',
    [at(2, "a", "c")],
    '{"a": {"b": 1, "c": 2}}',
  ],
  [
    "a key of an object that holds a comment",
    json,
    "{\n  // later\n}",
    [at(1, "a")],
    '{\n  // later\n  "a": 1\n}',
  ],
  [
    "a key where lines end as on Windows",
    json,
    '{\r\n  "a": 1\r\n}\r\n',
    [at(2, "b")],
    '{\r\n  "a": 1,\r\n  "b": 2\r\n}\r\n',
  ],
  ["a value", json, '{ "a" : 1 } // end', [at(2, "a")], '{ "a" : 2 } // end'],
  ["a key of an empty file", yaml, "", [at("v", "a")], "a: v\n"],
  [
    "a value, its comment kept",
    yaml,
    "# top\na:   old   # why\nb:  [1,   2]\n",
    [at("new", "a")],
    "# top\na:   new   # why\nb:  [1,   2]\n",
  ],
  [
    "an element behind others",
    yaml,
    "list:\n    - name: one   # first\n      x: 1\n\n# last words\nz: 1",
    [at({ name: "two", x: 2 }, "list", { named: "two" })],
    "list:\n    - name: one   # first\n      x: 1\n    - name: two\n      x: 2\n\n# last words\nz: 1",
  ],
  [
    "the first element",
    yaml,
    "a: 1",
    [at({ name: "n" }, "list", { named: "n" })],
    "a: 1\nlist:\n  - name: n\n",
  ],
  [
    "a key before the tables",
    toml,
    "# mine\n[t]\nmodel = 1\n",
    [at("m", "model")],
    'model = "m"\n# mine\n[t]\nmodel = 1\n',
  ],
  [
    "a value, its comment kept",
    toml,
    'model = "old" # why\n\n[t]\nx=1 # y\n',
    [at("new", "model")],
    'model = "new" # why\n\n[t]\nx=1 # y\n',
  ],
  [
    "a table in its place",
    toml,
    "[p.q]\nold = 1\n\n# about r\n[p.r]\n",
    [at({ a: "b" }, "p", "q")],
    '[p.q]\na = "b"\n\n# about r\n[p.r]\n',
  ],
  ["a table behind all", toml, "x = 1", [at({ a: true }, "p")], "x = 1\n\n[p]\na = true\n"],
])("%s", (_what, language, text, settings, expected) => {
  expect(set(language, text, ...settings)).toBe(expected);
  // Once more changes nothing.
  expect(set(language, expected, ...settings)).toBe(expected);
});

test("an element that is there already is changed, not added", () => {
  const text = "list:\n  - name: ours\n    x: 1\n  - name: other\n";
  const once = set(yaml, text, at({ name: "ours", x: 2 }, "list", { named: "ours" }));
  expect(yaml.read(once)).toEqual({ list: [{ name: "ours", x: 2 }, { name: "other" }] });
});

test.each<[string, Language, string, Setting]>([
  ["no JSON", json, "{ a", at(1, "a")],
  ["no object", json, "[]", at(1, "a")],
  ["a value where an object should be", json, '{"a":1}', at(1, "a", "b")],
  ["no YAML", yaml, "a: [", at(1, "a")],
  ["no TOML", toml, "a = ", at("x", "b")],
  ["a key within a text of several lines", toml, 's = """\nmodel = 1\n"""\n', at("m", "model")],
  ["a table that is written inline", toml, "p = { q = { old = 1 } }\n", at({ a: 1 }, "p", "q")],
])("what cannot be changed safely is refused: %s", (_what, language, text, setting) => {
  expect(() => withSettings(text, [setting], language)).toThrow(
    expect.objectContaining({ code: "settings_unclear" }),
  );
});

test("values are taken out of JSON one by one, with what was made for them, and others are put back", () => {
  const before = '{\n  "model": "mine",\n  "env": { "A": "1" }\n}\n';
  const settings = [at("ours", "model"), at("x", "env", "B"), at(1, "deep", "er", "c")];
  const { text: after, places } = withSettings(before, settings, json);
  const now = after.replace('"A": "1"', '"A": "2"').replace(/}\s*$/, ',\n  "theme": "dark"\n}\n');
  const out = withoutSettings({ before, after, now }, places, json);
  expect(json.read(out!)).toEqual({ model: "mine", env: { A: "2" }, theme: "dark" });
  const theirs = now.replace('"ours"', '"theirs"');
  expect(withoutSettings({ before, after, now: theirs }, places, json)).toBeUndefined();
});
