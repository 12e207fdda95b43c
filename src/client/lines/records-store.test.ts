import { expect, test } from "vitest";
import { openLocalDatabase } from "../../host/local-database.ts";
import { limits } from "../../protocol/limits.ts";
import { createRecordsStore } from "./records-store.ts";

const figures = { billed_ms: 1, prompt_tokens: 2, completion_tokens: 3 };
const record = (k: number, started = 0) => ({
  hold: "h",
  k,
  node: "n",
  model: "m",
  started,
  sentBytes: 9,
});

test("a request is known from its beginning, and its end with what it cost", () => {
  using database = openLocalDatabase("", ":memory:");
  const records = createRecordsStore(database);
  records.begin(record(1));
  expect(records.find("h", 1)).toEqual({ outcome: null, cost: null });
  const cost = "999999999999999.999999";
  records.end("h", 1, { outcome: "differs", lineHash: "l", cost, figures });
  expect(records.find("h", 1)).toEqual({ outcome: "differs", cost });
});

test("a number that is used again takes its record over, one that was refused has none", () => {
  using database = openLocalDatabase("", ":memory:");
  const records = createRecordsStore(database);
  records.begin(record(1));
  records.end("h", 1, { outcome: "no_line", figures });
  records.begin(record(1));
  expect(records.find("h", 1)?.outcome).toBeNull();
  records.forget("h", 1);
  expect(records.find("h", 1)).toBeUndefined();
});

test("records are kept for nine days", () => {
  using database = openLocalDatabase("", ":memory:");
  const records = createRecordsStore(database);
  records.begin(record(1, 0));
  records.begin(record(2, 1));
  records.expire(limits.recordAgeMs + 1);
  expect(records.find("h", 1)).toBeUndefined();
  expect(records.find("h", 2)).toBeDefined();
});

test("what a former process left running is lost, and open until the history tells what became of it", () => {
  using database = openLocalDatabase("", ":memory:");
  const before = createRecordsStore(database);
  before.begin(record(1));
  before.begin(record(2));
  before.end("h", 2, { outcome: "gone", figures });
  before.begin(record(3));
  before.end("h", 3, { outcome: "refused", figures });
  const records = createRecordsStore(database);
  records.markLost();
  records.begin(record(4));
  expect(records.open(10)).toEqual([
    expect.objectContaining({ k: 1, outcome: "lost", billedMs: null, promptTokens: 9 }),
    expect.objectContaining({ k: 2, outcome: "gone", billedMs: 1, completionTokens: 3 }),
  ]);
  records.conclude("h", 1, "ok");
  records.conclude("h", 2, "over");
  expect(records.open(10)).toEqual([]);
});
