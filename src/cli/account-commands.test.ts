/** One account on several machines, by the commands that people type. */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../test/support/services.ts";
import { openCoordinator, type TestCoordinator } from "../coordinator/coordinator.fixture.ts";
import { systemRandom } from "../base/random.ts";
import { loadSigner } from "../host/key-file.ts";
import { createMachine, type Machine } from "./command-line.fixture.ts";

const services = new AsyncDisposableStack();
let troop: TestCoordinator;
beforeAll(async () => {
  const database = services.use(await createDatabase());
  troop = services.use(await openCoordinator({ databaseUrl: database.url }));
});
afterAll(() => services.disposeAsync());

const machine = () => services.use(createMachine(troop.coordinator.url));
const keyOf = ({ folder }: Machine) =>
  JSON.parse(readFileSync(join(folder, "account.key.json"), "utf8")) as { d: string };
/** A machine whose account the coordinator knows, and the account's id. */
async function joined(): Promise<{ first: Machine; accountId: string }> {
  const first = machine();
  const { json } = await first.troop("account", "show", "--json");
  const signer = await signerOf(first);
  await troop.call(signer, "POST", "/users", {});
  return { first, accountId: json.account_id };
}
const signerOf = ({ folder }: Machine) =>
  loadSigner(join(folder, "account.key.json"), systemRandom);
const codeOf = async (next: Machine, accountId: string) =>
  (await next.troop("account", "link", accountId, "--no-wait", "--json")).json;
/** Links a further machine. */
async function linked(first: Machine, accountId: string): Promise<Machine> {
  const next = machine();
  const { code } = await codeOf(next, accountId);
  expect((await first.troop("account", "link", code, "--yes")).code).toBe(0);
  expect((await next.troop("account", "link", accountId, "--json")).json.linked).toBe(true);
  return next;
}

test("a second machine shows a code, the first signs it in, and both act for one account", async () => {
  const { first, accountId } = await joined();
  const second = await linked(first, accountId);
  const shown = (await second.troop("account", "show", "--json")).json;
  expect(shown.account_id).toBe(accountId);
  expect(shown.key).not.toBe(accountId);
  expect(shown.keys).toHaveLength(2);
  expect((await second.troop("balance", "--json")).json.account_id).toBe(accountId);
  expect((await second.troop("transactions", "--json")).json.transactions).toEqual([]);
});

test("a machine that waits goes on as soon as its code was signed in", async () => {
  const { first, accountId } = await joined();
  const next = machine();
  const code = await troop.statement(await signerOf(next), "troop-link+jwt", {
    account: accountId,
  });
  const waiting = next.troop("account", "link", accountId, "--json");
  await first.troop("account", "link", code, "--yes");
  expect((await waiting).json).toMatchObject({ account_id: accountId, linked: true });
});

test("a key that has credits of its own is not linked: nobody could reach them any more", async () => {
  const { first } = await joined();
  const { accountId } = await joined();
  const refused = await first.troop("account", "link", accountId, "--json");
  expect(refused.code).toBe(1);
  expect(refused.json.error).toMatchObject({ code: "key_in_use" });
});

test("a lost machine is unlinked by the first characters of its key, and refused from then on", async () => {
  const { first, accountId } = await joined();
  const lost = await linked(first, accountId);
  const { key } = (await lost.troop("account", "show", "--json")).json;
  // Too few to be sure. With a dash in front they pass for a flag besides, which is refused too.
  expect((await first.troop("account", "unlink", key.slice(0, 5), "--yes")).code).not.toBe(0);
  // Two dashes in front, once in four thousand, are a flag's.
  const shown = key.startsWith("--") ? key : key.slice(0, 8);
  expect((await first.troop("account", "unlink", shown, "--yes")).code).toBe(0);
  const refused = await lost.troop("balance", "--json");
  expect(refused.json.error).toMatchObject({ code: "invalid_proof" });
  const alone = await first.troop("account", "unlink", accountId, "--yes", "--json");
  expect(alone.json.error).toMatchObject({ code: "last_key" });
});

test("a rotated key acts at once, the old one no more, and the account stays what it was", async () => {
  const { first, accountId } = await joined();
  const before = keyOf(first).d;
  const old = await signerOf(first);
  const rotated = await first.troop("account", "rotate", "--yes", "--json");
  expect(rotated.json).toMatchObject({ account_id: accountId, revoked: accountId });
  expect(keyOf(first).d).not.toBe(before);
  expect((await first.troop("balance", "--json")).json.account_id).toBe(accountId);
  expect((await troop.call(old, "GET", `/users/${accountId}/balance`)).status).toBe(401);
  // And once more, with a key that is not the account's first.
  expect((await first.troop("account", "rotate", "--yes")).code).toBe(0);
  const { keys } = (await first.troop("account", "show", "--json")).json;
  const live = keys.filter(({ revoked_at }: { revoked_at: number | null }) => revoked_at === null);
  expect([keys.length, live.length]).toEqual([3, 1]);
});

test("a rotation that was cut off after the new key was linked goes on with that key", async () => {
  const { first, accountId } = await joined();
  const next = await loadSigner(join(first.folder, "account.key.next.json"), systemRandom);
  const code = await troop.statement(next, "troop-link+jwt", { account: accountId });
  await troop.call(await signerOf(first), "POST", `/users/${accountId}/keys`, { code });
  const rotated = await first.troop("account", "rotate", "--yes", "--json");
  expect(rotated.json).toMatchObject({ key: next.id, revoked: accountId });
  expect((await first.troop("balance", "--json")).json.account_id).toBe(accountId);
});

test("a backup restores the account in a fresh folder, and opens with its passphrase alone", async () => {
  const { first, accountId } = await joined();
  const file = join(first.folder, "backup");
  const passphrase = "correct horse battery";
  const exported = await first.troopWith(`${passphrase}\n`, "account", "export", file, "--json");
  expect(exported.json).toMatchObject({ account_id: accountId });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).not.toContain(keyOf(first).d);
  // Never over a file that is there.
  expect((await first.troopWith(passphrase, "account", "export", file)).code).toBe(2);

  const fresh = machine();
  const wrong = await fresh.troopWith("incorrect horse", "account", "import", file, "--json");
  expect(wrong.json.error).toMatchObject({ code: "key_file_invalid" });
  const passphraseFile = join(fresh.folder, "passphrase");
  writeFileSync(passphraseFile, `${passphrase}\n`);
  const restore = ["account", "import", file, "--passphrase-file", passphraseFile];
  expect((await fresh.troop(...restore)).code).toBe(0);
  expect(keyOf(fresh)).toEqual(keyOf(first));
  expect(statSync(join(fresh.folder, "account.key.json")).mode & 0o777).toBe(0o600);
  expect((await fresh.troop("balance", "--json")).json.account_id).toBe(accountId);
});

test("an account that is there is not overwritten, and with --force it is kept beside the restored one", async () => {
  const { first } = await joined();
  const { first: other } = await joined();
  const file = join(first.folder, "backup");
  await first.troopWith("a long passphrase", "account", "export", file);
  const present = keyOf(other);
  const refused = await other.troopWith("a long passphrase", "account", "import", file);
  expect([refused.code, keyOf(other)]).toEqual([2, present]);
  const forced = ["account", "import", file, "--force", "--json"];
  const { json } = await other.troopWith("a long passphrase", ...forced);
  expect(keyOf(other)).toEqual(keyOf(first));
  expect(JSON.parse(readFileSync(json.former_key_file, "utf8"))).toEqual(present);
});

test("a file that is altered, of another make or no backup at all is refused before anything is written", async () => {
  const first = machine();
  const fresh = machine();
  const file = join(first.folder, "backup");
  await first.troopWith("a long passphrase", "account", "export", file);
  const text = readFileSync(file, "utf8");
  for (const other of [
    text.replace(/"sealed": "../, `"sealed": "AA`),
    text.replace(`"N": 131072`, `"N": 1073741824`),
    "{}",
  ]) {
    expect(other).not.toBe(text);
    writeFileSync(file, other);
    const refused = await fresh.troopWith("a long passphrase", "account", "import", file, "--json");
    expect(refused.json.error.code).toBe("key_file_invalid");
    expect(() => keyOf(fresh)).toThrow();
  }
});

test("a passphrase that is short, or none, makes no backup", async () => {
  const first = machine();
  for (const passphrase of ["", "short\n"])
    expect(
      (await first.troopWith(passphrase, "account", "export", join(first.folder, "b"))).code,
    ).toBe(2);
});
