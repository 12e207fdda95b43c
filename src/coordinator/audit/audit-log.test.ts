/** The audit log on both databases: whatever row somebody edits by hand, the verifier names it. */
import { sql } from "kysely";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createFakeClock, type FakeClock } from "../../../test/support/fake-clock.ts";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createLog } from "../../host/log.ts";
import type { AuditMark } from "../../protocol/audit.ts";
import { openDatabase, type Database } from "../database.ts";
import { migrateUp } from "../migrations/migrate.ts";
import { auditFolder, openAuditLog, type AuditLog } from "./audit-log.ts";
import { origin } from "./chain.ts";
import { readEvents } from "./audit-log-store.ts";
import { verifyAuditLog } from "./verify.ts";

const dayMs = 24 * 60 * 60_000;

describe.each(["PGlite", "PostgreSQL"] as const)("on %s", { timeout: 60_000 }, (kind) => {
  const services = new AsyncDisposableStack();
  let resources: AsyncDisposableStack;
  let database: Database;
  let dataFolder: string;
  let clock: FakeClock;
  let auditLog: AuditLog & AsyncDisposable;
  const log = createLog("silent");
  const open = () =>
    openAuditLog({ database, dataFolder, keepMs: 30 * dayMs, clock, random: systemRandom, log });
  const run = (statement: string) => sql.raw(statement).execute(database);
  const verify = (noted?: AuditMark) =>
    verifyAuditLog({ database, folder: auditFolder(dataFolder), noted });
  const record = (event: string) =>
    auditLog.record({ type: "security", user: "somebody", ip: "192.0.2.1", details: { event } });
  /** As an intruder with the owner's rights would. */
  async function edit(...statements: string[]): Promise<void> {
    await run("alter table audit_log disable trigger all");
    for (const statement of statements) await run(statement);
    await run("alter table audit_log enable trigger all");
  }
  const forgetFiles = () => rmSync(auditFolder(dataFolder), { recursive: true });

  beforeAll(async () => {
    const url = kind === "PostgreSQL" ? services.use(await createDatabase()).url : undefined;
    database = await openDatabase({ url, folder: undefined, poolSize: 4 }, log);
    services.defer(() => database.destroy());
    await migrateUp(database);
  });
  afterAll(() => services.disposeAsync());
  beforeEach(async () => {
    resources = new AsyncDisposableStack();
    dataFolder = mkdtempSync(join(tmpdir(), "troop-audit-"));
    resources.defer(() => rmSync(dataFolder, { recursive: true, force: true }));
    const { position, hash } = origin;
    await edit(
      "delete from audit_log",
      `update audit_head set position = ${position}, hash = '${hash}'`,
    );
    clock = createFakeClock();
    auditLog = open();
    resources.defer(() => auditLog[Symbol.asyncDispose]());
    for (const event of ["a", "b", "c", "d", "e", "f"]) record(event);
    await auditLog.flush();
  });
  afterEach(() => resources.disposeAsync());

  test("what was put on record is in the table, in order, and the chain holds", async () => {
    const events = await readEvents(database, {}, 10);
    expect(events.map(({ details }) => details.event)).toEqual(["f", "e", "d", "c", "b", "a"]);
    expect(events[5]).toMatchObject({ position: 1, event_type: "security", user_id: "somebody" });
    expect(await verify()).toMatchObject({ sound: true, rows: 6, compared: 6, flaws: [] });
  });

  test("a row that was altered is named by the chain and by the file", async () => {
    await edit(`update audit_log set details = '{"event": "z"}' where position = 3`);
    const { sound, flaws } = await verify();
    expect(sound).toBe(false);
    expect(flaws.map(({ flaw, position }) => [flaw, position])).toEqual([
      ["altered", 3],
      ["differs_from_file", 3],
    ]);
  });

  test("a row that was taken out, and two that changed places, are named", async () => {
    await edit("delete from audit_log where position = 2");
    expect((await verify()).flaws).toContainEqual({ flaw: "missing", position: 2, id: null });
    await edit(
      "update audit_log set position = 99 where position = 4",
      "update audit_log set position = 4 where position = 6",
      "update audit_log set position = 6 where position = 99",
    );
    const altered = (await verify()).flaws.filter(({ flaw }) => flaw === "altered");
    expect(altered.map(({ position }) => position)).toEqual(expect.arrayContaining([4, 6]));
  });

  test("a row that was put in is named", async () => {
    await edit(`insert into audit_log select 7, gen_random_uuid(), timestamp, event_type, user_id,
      ip_address, details, hash from audit_log where position = 6`);
    expect((await verify()).flaws).toMatchObject([{ flaw: "altered", position: 7 }]);
  });

  test("last rows that were cut off: the file tells, or an end that somebody noted; the chain cannot", async () => {
    const { tip } = await verify();
    await edit("delete from audit_log where position > 4");
    const named = (await verify()).flaws.map(({ flaw, position }) => [flaw, position]);
    expect(named).toEqual([
      ["missing", 5],
      ["missing", 6],
      ["not_in_table", null],
      ["not_in_table", null],
    ]);
    forgetFiles();
    expect((await verify()).sound).toBe(true);
    expect((await verify(tip)).flaws.map(({ position }) => position)).toEqual([5, 6]);
  });

  test("a chain that was computed anew no longer leads to the end that was noted", async () => {
    const { tip } = await verify();
    const events = (await readEvents(database, {}, 10)).toReversed();
    await edit("delete from audit_log");
    forgetFiles();
    auditLog = await reopen();
    for (const [index] of events.entries()) record(`anew ${index}`);
    await auditLog.flush();
    expect((await verify()).sound).toBe(true);
    expect((await verify(tip)).flaws).toMatchObject([{ flaw: "altered", position: 6 }]);
  });

  async function reopen(): Promise<AuditLog & AsyncDisposable> {
    await auditLog[Symbol.asyncDispose]();
    return open();
  }

  test("rows can be neither changed nor removed while they are young", async () => {
    await expect(run("update audit_log set user_id = null")).rejects.toThrow("append-only");
    await expect(run("truncate audit_log")).rejects.toThrow("append-only");
    await expect(run("delete from audit_log")).rejects.toThrow("forgets from its beginning");
    const now = Date.now();
    await run(`insert into audit_log values (7, gen_random_uuid(), ${now}, 'admin', null, null,
      '{"event": "x"}', 'h')`);
    await run("update audit_head set position = 7");
    await expect(run("delete from audit_log where position = 7")).rejects.toThrow("a week");
  });

  test("what is older than it is kept goes, and what is left still holds", async () => {
    await clock.advance(20 * dayMs);
    record("young");
    await auditLog.flush();
    const { tip } = await verify();
    await clock.advance(11 * dayMs);
    const left = async () => {
      await clock.advance(60 * 60_000);
      return (await verify()).rows;
    };
    await expect.poll(left).toBe(1);
    const report = await verify();
    expect(report).toMatchObject({ sound: true, head: { position: 6 }, tip, compared: 1 });
    record("later");
    await auditLog.flush();
    expect((await verify()).tip.position).toBe(8);
  });

  test("while the table cannot be written, events wait in the file, and each comes to it once", async () => {
    await run("alter table audit_log rename to audit_log_away");
    for (let number = 0; number < 500; number += 1) record(`waiting ${number}`);
    await expect(auditLog.flush()).rejects.toThrow();
    await clock.advance(1_000);
    await run("alter table audit_log_away rename to audit_log");
    // Killed meanwhile, and without its note of how far it was: all is read again.
    await auditLog[Symbol.asyncDispose]();
    rmSync(join(auditFolder(dataFolder), "shipped.json"));
    auditLog = open();
    record("last");
    await auditLog.flush();
    expect(await verify()).toMatchObject({ sound: true, rows: 507, compared: 507 });
  });

  test("whoever is told that it is on record is told after it is on the disk, or that it is not", async () => {
    const bounds = { segmentBytes: 4_000, segments: 2 };
    await auditLog[Symbol.asyncDispose]();
    await run("alter table audit_log rename to audit_log_away");
    auditLog = openAuditLog({
      ...{ database, dataFolder, keepMs: dayMs, clock, random: systemRandom, log, bounds },
    });
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, number) =>
        auditLog
          .recordDurably({ type: "admin", details: { event: "act", number } })
          .then(() => number)
          .catch(({ code }: { code: string }) => code),
      ),
    );
    const kept = outcomes.filter((outcome) => typeof outcome === "number");
    expect(new Set(outcomes)).toContain("ledger_unavailable");
    await run("alter table audit_log_away rename to audit_log");
    await auditLog.flush();
    record("after");
    await auditLog.flush();
    const [last, lost, ...acts] = await readEvents(database, {}, 200);
    expect(last!.details.event).toBe("after");
    expect(lost!.details).toEqual({ event: "events_lost", count: 100 - kept.length });
    const numbers = acts.flatMap(({ details }) => details["number"] ?? []);
    expect(numbers.toReversed()).toEqual(kept);
  });

  test("two coordinators on one database write one chain", async () => {
    if (kind === "PGlite") return;
    const folder = mkdtempSync(join(tmpdir(), "troop-audit-"));
    resources.defer(() => rmSync(folder, { recursive: true, force: true }));
    const options = { database, keepMs: dayMs, clock, random: systemRandom, log };
    await using other = openAuditLog({ ...options, dataFolder: folder });
    for (let round = 0; round < 10; round += 1) {
      record(`one ${round}`);
      other.record({ type: "admin", details: { event: `two ${round}` } });
      await Promise.all([auditLog.flush(), other.flush()]);
    }
    expect(await verify()).toMatchObject({ sound: true, rows: 26, compared: 16 });
  });

  test("text that a database cannot hold holds nothing up", async () => {
    record("a\u0000b\ud800" + "x".repeat(1_000));
    await auditLog.flush();
    const [event] = await readEvents(database, {}, 1);
    expect(event!.details.event).toMatch(/^ab.x{252}$/u);
    expect(readdirSync(auditFolder(dataFolder))).toContain("audit-00000001.jsonl");
  });
});
