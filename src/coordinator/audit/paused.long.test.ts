/** 200 requests a second for a minute, with PostgreSQL stopped in the middle and the coordinator killed at the end. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { model, nodeBeat } from "../../../tools/faults/node-beat.ts";
import { startDatabaseServer } from "../../../tools/faults/database-server.ts";
import { troop } from "../../../tools/faults/ledger-victims.ts";
import { freePort } from "../../../tools/services/ready.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import { createProof } from "../../protocol/proof.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import { createStatement } from "../../protocol/statement.ts";
import { makeSigner } from "../coordinator.fixture.ts";
import { openDatabase } from "../database.ts";
import { auditFolder } from "./audit-log.ts";
import { verifyAuditLog } from "./verify.ts";

const requests = 12_000;
const perSecond = 200;
/** What cannot keep up with the pace is late, not lost. */
const openMost = 64;
/** Turned away before PostgreSQL goes on. */
const refusedMost = 50;

test("no acknowledged event is lost, and none is there twice", { timeout: 900_000 }, async () => {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await startDatabaseServer());
  const url = await server.createDatabase("audit");
  const folder = mkdtempSync(join(tmpdir(), "troop-audit-long-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const start = async () => {
    const words = ["coordinator", "--json", "--data", folder, "--port", String(port)];
    const settings = { DATABASE_URL: url, OPERATOR_LISTEN: "off", STARTER_CREDITS: "1000" };
    const program = troop(words, { ...settings, FAUCET_DAILY: "10000000" });
    stack.defer(() => program.kill());
    await program.firstLine;
    return program;
  };
  const coordinator = await start();
  const post = async (signer: Signer, path: string, body: object) => {
    const text = JSON.stringify(body);
    const call = { method: "POST", url: base + path, body: text };
    const dpop = await createProof(signer, systemRandom, Date.now(), call);
    const headers = { "content-type": "application/json", dpop };
    return fetch(base + path, { method: "POST", headers, body: text });
  };
  const [node, owner] = [await makeSigner(), await makeSigner()];
  const users = await Promise.all(Array.from({ length: 400 }, makeSigner));
  const says = { node: node.id, owner: owner.id };
  const enrolment = await createStatement(owner, "troop-enrolment+jwt", base, Date.now(), says);
  await post(node, "/nodes", { enrolment });
  const beat = nodeBeat(async (body) => void (await post(node, "/heartbeat", body)));
  const { anchor } = createSecretTree(systemRandom.bytes(32));

  const answered: string[] = [];
  let refused = 0;
  /** How many were refused when it was stopped. */
  let stoppedFrom = Infinity;
  const one = async (number: number) => {
    const wish = { id: systemRandom.uuid(), model, anchor, max_budget: "0.010000" };
    const answer = await post(users[number % users.length]!, "/authorize", wish);
    const body = (await answer.json()) as { hold: string };
    if (answer.status === 200) answered.push(body.hold);
    else refused += 1;
  };
  const open = new Set<Promise<void>>();
  const began = Date.now();
  for (let number = 0; number < requests; number += 1) {
    if (number % (perSecond * 5) === 0) void beat().catch(() => undefined);
    if (number === requests / 2) {
      server.program().signal("SIGSTOP");
      stoppedFrom = refused;
    }
    if (refused - stoppedFrom >= refusedMost) {
      server.program().signal("SIGCONT");
      stoppedFrom = Infinity;
    }
    const early = began + (number * 1_000) / perSecond - Date.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const call: Promise<void> = one(number).finally(() => open.delete(call));
    open.add(call);
    if (open.size >= openMost) await Promise.race(open);
  }
  await Promise.all(open);
  expect(refused).toBeGreaterThanOrEqual(refusedMost);
  expect(answered.length).toBeGreaterThan(requests / 2);
  // What is only in the file by now comes to the table with the next start.
  await coordinator.kill();
  await start();

  const log = createLog("silent");
  const database = await openDatabase({ url, folder: undefined, poolSize: 2 }, log);
  stack.defer(() => database.destroy());
  const onRecord = async () => {
    const { rows } = await sql<{ hold: string }>`
      select details ->> 'hold' as hold from audit_log where details ->> 'event' = 'ticket_given'
    `.execute(database);
    return rows.map(({ hold }) => hold);
  };
  const lost = async () => new Set(answered).difference(new Set(await onRecord())).size;
  await expect.poll(lost, { timeout: 60_000 }).toBe(0);
  const recorded = await onRecord();
  expect(new Set(recorded).size).toBe(recorded.length);
  const report = await verifyAuditLog({
    database,
    folder: auditFolder(join(folder, "coordinator")),
  });
  expect(report).toMatchObject({ sound: true, flaws: [] });
});
