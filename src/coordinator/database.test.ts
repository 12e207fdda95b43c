import { expect, test } from "vitest";
import { createLog } from "../host/log.ts";
import { openDatabase, reaching } from "./database.ts";

test.each(["ECONNREFUSED", "57P01", "08006", "53300"])(
  "a database that fails with %s is out of reach: 503, and when to ask again",
  async (code) => {
    const failing = reaching(() => Promise.reject(Object.assign(new Error("gone"), { code })));
    await expect(failing).rejects.toMatchObject({
      code: "ledger_unavailable",
      status: 503,
      retryAfterMs: 5_000,
    });
  },
);

test("any other failure passes as it is", async () => {
  const failure = Object.assign(new Error("violates a constraint"), { code: "23514" });
  await expect(reaching(() => Promise.reject(failure))).rejects.toBe(failure);
});

test("a server that is not there is said plainly, with what to check and without its password", async () => {
  const url = "postgres://somebody:secret@127.0.0.1:1/books";
  const opening = openDatabase({ url, folder: undefined, poolSize: 1 }, createLog("silent"));
  await expect(opening).rejects.toMatchObject({
    code: "database_unreachable",
    message: expect.stringMatching(/postgres:\/\/127\.0\.0\.1:1\/books .*DATABASE_URL/),
  });
});
