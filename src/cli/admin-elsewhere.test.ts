/** Operators' commands for a coordinator that runs elsewhere: the same lists and acts, and what is said where it refuses. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAuthority } from "../../test/support/certificates.ts";
import { systemRandom } from "../base/random.ts";
import {
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator/coordinator.fixture.ts";
import { operator } from "../coordinator/operator/operator-desk.fixture.ts";
import { createMachine, typeTroop } from "./command-line.fixture.ts";

const resources = new AsyncDisposableStack();
const usual = getCACertificates("default");
const folder = mkdtempSync(join(tmpdir(), "troop-elsewhere-"));
const authority = resources.use(createAuthority());
let troop: TestCoordinator;
let url: string;
let [user, node]: string[] = [];
beforeAll(async () => {
  const names = { url: "https://localhost:1", tls: authority.issue("DNS:localhost") };
  const settings = { dataFolder: join(folder, "coordinator"), operator: { ...operator, ...names } };
  troop = resources.use(await openCoordinator(settings as object));
  url = troop.coordinator.operator!.url!.replace("127.0.0.1", "localhost");
  const owner = await makeSigner();
  [user, node] = [owner.id, (await troop.serve(owner)).id];
  // As NODE_EXTRA_CA_CERTS, for this process.
  setDefaultCACertificates([...usual, readFileSync(authority.file, "utf8")]);
}, 60_000);
afterAll(async () => {
  setDefaultCACertificates(usual);
  await resources.disposeAsync();
  rmSync(folder, { recursive: true, force: true });
});

const passwords: Record<string, string> = { admin: operator.password };
const elsewhere = (...words: string[]) => as("admin", ...words);
/** On a machine that has no coordinator. */
const as = (name: string, ...words: string[]) =>
  typeTroop(["admin", "--url", url, "--as", name, ...words], {
    ...{ DATA_DIR: join(folder, "mine"), LOG_LEVEL: "silent" },
    TROOP_ADMIN_PASSWORD: passwords[name],
  });
const here = (...words: string[]) =>
  typeTroop(["admin", ...words], { DATA_DIR: folder, LOG_LEVEL: "silent" });

test("what is shown is what the coordinator's own machine shows", async () => {
  for (const words of [
    ...[["users"], ["users", user!], ["nodes"], ["nodes", node!], ["ledger"], ["keys"]],
    ...[["invites"], ["operators"], ["audit-ledger"], ["audit", "verify"], ["ledger", "--json"]],
  ])
    expect([words, await elsewhere(...words)]).toEqual([words, await here(...words)]);
});

test("what is done is on record with the operator's name, and in the books", async () => {
  const made = await elsewhere("operators", "add", "lea", "--role", "treasurer", "--json");
  passwords["lea"] = made.json.password;
  const id = systemRandom.uuid();
  const words = ["grant", user!, "5", "--memo", "thanks", "--id", id, "--yes", "--json"];
  expect((await as("lea", ...words)).json).toMatchObject({ granted_by: "lea", repeated: false });
  expect((await as("lea", ...words)).json).toMatchObject({ granted_by: "lea", repeated: true });
  expect((await here("ledger")).stdout).toMatch(/5\.000000 +\S{43} +lea +thanks/);
  const { json } = await elsewhere("audit", "--type", "admin", "--user", "lea", "--json");
  expect(json.events[0]).toMatchObject({ user_id: "lea", details: { event: "grant" } });
  expect((await elsewhere("revoke", "node", node!, "--yes")).stdout).toContain("Revoked: the node");
  expect((await elsewhere("export", user!, "--json")).json).toMatchObject({ account_id: user });
});

describe("what is refused says what to do", () => {
  const refused = ({ code, stdout, stderr }: Awaited<ReturnType<typeof as>>) => {
    expect(stdout).toBe("");
    return [code, stderr];
  };
  test("a role that does not go so far", async () => {
    expect(refused(await as("lea", "invite"))).toEqual([
      ...[1, expect.stringMatching(/not_permitted[^]*try: +troop admin operators role lea <role>/)],
    ]);
  });
  test("a wrong password, and a name that is nobody's, alike", async () => {
    passwords["eve"] = passwords["lea"] = "not the password";
    for (const name of ["lea", "eve"])
      expect(refused(await as(name, "users"))).toEqual([
        ...[
          1,
          expect.stringContaining(`There is no operator ${name} with this password at ${url}`),
        ],
      ]);
    for (let tries = 0; tries < 3; tries += 1) await as("lea", "users");
    await as("lea", "users");
    expect(refused(await as("lea", "users"))).toEqual([
      ...[1, expect.stringMatching(/locked_out[^]*try: +sleep \d+ && troop admin --url/)],
    ]);
  });
  test("no password, and nobody to ask for it", async () => {
    expect(refused(await as("ann", "users"))).toEqual([
      ...[2, expect.stringMatching(/try: +TROOP_ADMIN_PASSWORD_FILE=<file> troop admin --url/)],
    ]);
  });
  test.each([
    ["http://operators.example:8001", 2, /--url https:\/\/operators\.example:8001$/m],
    ["http://10.0.0.5:8001", 2, /goes over https[^]*--url https:\/\/10\.0\.0\.5:8001$/m],
    ["https://admin:secret@operators.example", 2, /must not hold a name/],
    ["https://127.0.0.1:9", 3, /coordinator_unreachable[^]*ECONNREFUSED[^]*try: +ssh -L 9:/],
    ["ftp://operators.example", 2, /must look like https/],
  ])("%s", async (wrong, code, said) => {
    const words = ["admin", "users", "--url", wrong, "--as", "admin"];
    const answer = await typeTroop(words, { TROOP_ADMIN_PASSWORD: "secret", DATA_DIR: folder });
    expect(refused(answer)).toEqual([code, expect.stringMatching(said)]);
  });
  test("a name that its certificate is not of, an authority that nobody trusts", async () => {
    const at = (place: string) =>
      typeTroop(["admin", "ledger", "--url", place, "--as", "admin"], {
        ...{ TROOP_ADMIN_PASSWORD: operator.password, DATA_DIR: folder },
      });
    expect(refused(await at(url.replace("localhost", "127.0.0.1")))).toEqual([
      ...[3, expect.stringMatching(/does not match certificate/)],
    ]);
    setDefaultCACertificates(usual);
    const stranger = await at(url);
    setDefaultCACertificates([...usual, readFileSync(authority.file, "utf8")]);
    expect(refused(stranger)).toEqual([
      ...[3, expect.stringMatching(/try: +NODE_EXTRA_CA_CERTS=<file> troop admin ledger --url/)],
    ]);
  });
  test("another program there, which leads nobody on with a password", async () => {
    const came: unknown[] = [];
    await using server = createServer((request, answer) => {
      came.push(request.url);
      answer.writeHead(302, { location: "/elsewhere" }).end("{}");
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const words = ["admin", "ledger", "--url", `http://127.0.0.1:${port}`, "--as", "admin"];
    const answer = await typeTroop(words, { TROOP_ADMIN_PASSWORD: "secret", DATA_DIR: folder });
    expect(refused(answer)).toEqual([3, expect.stringContaining("it answers something else")]);
    expect(came).toEqual(["/admin/ledger"]);
  });
  test("what is done on the coordinator's machine alone", async () => {
    for (const words of [["migrate", "status"], ["db-roles", "--apply"], ["canary"]])
      expect(refused(await elsewhere(...words))).toEqual([
        ...[2, expect.stringContaining("without --url")],
      ]);
    expect(refused(await here("users", "--as", "lea"))).toEqual([
      ...[2, expect.stringContaining("--as goes with --url")],
    ]);
  });
});

test("who is asked types the password, once for all calls of a command, and it is shown nowhere", async () => {
  using machine = createMachine(url);
  const words = [
    "admin",
    "--url",
    url,
    "--as",
    "admin",
    "grant",
    user!,
    "1",
    "--memo",
    "m",
    "--yes",
  ];
  const told = await machine.troopAsked(`${operator.password}\r`, ...words);
  expect(told.stderr).toContain(`The password of admin at ${url}`);
  expect(told.stdout).toContain("Granted");
  expect(told.stderr + told.stdout).not.toContain(operator.password);
});

test("a file holds the password", async () => {
  const file = join(folder, "password");
  writeFileSync(file, `${operator.password}\n`);
  const told = await typeTroop(["admin", "keys", "--url", url, "--as", "admin", "--json"], {
    ...{ DATA_DIR: folder, TROOP_ADMIN_PASSWORD_FILE: file },
  });
  expect(told.json).toMatchObject({ keys: [{ number: 1 }] });
});
