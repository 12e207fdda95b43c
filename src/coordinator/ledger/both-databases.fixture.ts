/** Runs a suite on PGlite, on PostgreSQL and on the twin in memory, and audits the books after every test of it. */
import { afterAll, afterEach, beforeAll, describe, expect } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import { createMemoryStore } from "../../../test/simulation/ledger/memory-store.ts";
import { booksOver, openBooks, type Books } from "./books.fixture.ts";

/** @param define is handed the books as a function: they are opened before the first test, not while it defines them */
export function onBothDatabases(title: string, define: (books: () => Books) => void): void {
  describe.each(["PGlite", "PostgreSQL", "memory"] as const)(`${title} on %s`, (kind) => {
    let service: TestService | undefined;
    let books: Books;
    beforeAll(async () => {
      service = kind === "PostgreSQL" ? await createDatabase() : undefined;
      books = kind === "memory" ? await booksInMemory() : await openBooks(service?.url);
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

function booksInMemory(): Promise<Books> {
  const store = createMemoryStore();
  return booksOver(
    store,
    async (id) => void (await store.addUser(id)),
    () => Promise.resolve(),
  );
}
