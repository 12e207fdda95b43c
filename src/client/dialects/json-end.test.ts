/** The end of a JSON text is where a parser would find it, however the text is cut into pieces. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createJsonEnd } from "./json-end.ts";

const objectOrList = fc.oneof(
  fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()),
  fc.array(fc.jsonValue()),
);

test("the end is reached with the last character, and not before", () => {
  fc.assert(
    fc.property(objectOrList, fc.array(fc.nat(20)), (value, cuts) => {
      const text = JSON.stringify(value);
      const end = createJsonEnd();
      let at = 0;
      for (const length of cuts) {
        if (at + length >= text.length) break;
        end.take(text.slice(at, (at += length)));
        expect(end.isReached()).toBe(false);
      }
      end.take(text.slice(at));
      expect(end.isReached()).toBe(true);
      end.take("\n{");
      expect(end.isReached()).toBe(true);
    }),
  );
});

test.each(["", "  ", '{"a":"}', '{"a":"\\"}', "[{}", '"}'])("%s is not at its end", (text) => {
  const end = createJsonEnd();
  end.take(text);
  expect(end.isReached()).toBe(false);
});
