/** Runs a suite on PGlite and on PostgreSQL, and audits the books after every test of it. */
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import { openBooks, type Books } from "./books.fixture.ts";

/** @param define is handed the books as a function: they are opened before the first test, not while it defines them */
export function onBothDatabases(title: string, define: (books: () => Books) => void): void {
  describe.each(["PGlite", "PostgreSQL"] as const)(`${title} on %s`, (kind) => {
    let service: TestService | undefined;
    let books: Books;
    beforeAll(async () => {
      service = kind === "PostgreSQL" ? await createDatabase() : undefined;
      books = await openBooks(service?.url);
    }, 120_000);
    afterAll(async () => {
      await books[Symbol.asyncDispose]();
      await service?.[Symbol.asyncDispose]();
    });
    afterEach(async () => {
      expect(await books.ledger.audit()).toEqual([]);
    });
    define(() => books);
  });
}
