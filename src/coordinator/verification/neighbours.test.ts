/** Nodes of different owners at one address could share a prover as well as one owner's can. */
import { sql } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createDatabase, type TestService } from "../../../test/support/services.ts";
import { createLog } from "../../host/log.ts";
import type { Signer } from "../../protocol/signature.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../coordinator.fixture.ts";
import { openDatabase } from "../database.ts";
import {
  createFineClock,
  fastMs,
  type FineClock,
  leadMs,
  multiplierAt,
  type Prover,
  proverOf,
  slotMs,
  smallest,
  tasksAt,
} from "./proving.fixture.ts";
import { findCompanions } from "./hardware-store.ts";
import { readRound } from "./trial-store.ts";

let service: TestService;
let network: TestCoordinator;
let clock: FineClock;
beforeEach(async () => {
  service = await createDatabase();
  clock = createFineClock();
  network = await openCoordinator(
    {
      ...{ databaseUrl: service.url, proofs: smallest, addressPolicy: "public" },
      trustedProxies: ["127.0.0.1/32"],
    },
    clock,
  );
});
afterEach(async () => {
  await network[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

const hourMs = 3_600_000;

/** Everything that this one says comes from there. */
async function nodeAt(address: string): Promise<Prover> {
  const [node, owner] = [await makeSigner(), await makeSigner()];
  const headers = { "x-forwarded-for": address };
  const call: TestCoordinator["call"] = (signer, method, path, body) =>
    network.call(signer, method, path, body, headers);
  await network.enrol(node, owner);
  await call(node, "POST", "/heartbeat", beatOf());
  await call(node, "POST", "/hardware/challenge", {});
  return proverOf({ ...network, call }, node);
}

/** Its first trial, which another stays away from. What it comes to, as a share of what it would be by itself. */
async function proveBeside(prover: Prover, other: Prover): Promise<number> {
  await other.beat({ status: "IDLE" });
  const startsAt = clock.now() + leadMs;
  expect((await prover.beat({ status: "IDLE" })).challenge).toEqual({ kind: "stand_by" });
  for (let number = 0; number < 3; number += 1) {
    const [task] = await tasksAt(clock, startsAt + number * slotMs, [prover]);
    await prover.answer(task!);
  }
  const { multiplier } = await prover.beat();
  return (Number(multiplier) / Number(multiplierAt(fastMs))) ** (1 / 0.75);
}

async function openIn(stack: AsyncDisposableStack) {
  const config = { url: service.url, folder: undefined, poolSize: 1 };
  return stack.adopt(await openDatabase(config, createLog("silent")), (opened) => opened.destroy());
}

test("a neighbour of another owner that has a proof to lose, and stays away, counts as having lent its hardware", async () => {
  const neighbour = await nodeAt("203.0.113.7");
  await neighbour.prove();
  await neighbour.beat({ status: "IDLE" });
  clock.advance(2 * hourMs);
  // Else it is by chance, one time in seven.
  await using stack = new AsyncDisposableStack();
  await sql`update hardware set due_ms = 9e15`.execute(await openIn(stack));
  const share = await proveBeside(await nodeAt("203.0.113.8"), neighbour);
  expect(share).toBeGreaterThan(0.49);
  expect(share).toBeLessThan(0.54);
});

interface Member {
  own: boolean;
  provenance: string;
  at?: string;
  gpus?: string;
}

test("however many strangers stay away, at the address or naming one's GPU, they count as one, those who have proven nothing as none, and one's own each", async () => {
  await using stack = new AsyncDisposableStack();
  const database = await openIn(stack);
  const owner = await makeSigner();
  const own = { own: true, provenance: "unproven" };
  const neighbour = { own: false, provenance: "proven", at: "203.0.113.0/24" };
  const absentAmong = async (others: readonly Member[]) => {
    const round = crypto.randomUUID();
    const member = async (of: Signer, { provenance, at, gpus }: Member, outcome: string | null) => {
      const [{ id: node }, id] = [await makeSigner(), crypto.randomUUID()];
      await sql`insert into node (id, owner, jwk, multiplier, hmac_receipts, enrolled_ms)
        values (${node}, ${of.id}, '{}'::jsonb, 500, false, 0)`.execute(database);
      await sql`insert into hardware (node, provenance, prefix, device)
        values (${node}, ${provenance}, ${at ?? null}, ${gpus ?? null})`.execute(database);
      await sql`insert into hardware_trial (id, round, node, reason, joint, starts_ms, ends_ms, outcome)
        values (${id}, ${round}, ${node}, 'random', true, 0, 1, ${outcome})`.execute(database);
      return { id, round, node };
    };
    const me = await member(owner, { ...neighbour, gpus: "GPU-1 GPU-2" }, null);
    for (const other of others) {
      const of = other.own ? owner : await makeSigner();
      await network.call(of, "POST", "/users", {});
      await member(of, other, "failed");
    }
    return (await readRound(database, me, 0)).absent;
  };
  await network.call(owner, "POST", "/users", {});
  expect(await absentAmong([])).toBe(0);
  expect(await absentAmong([neighbour])).toBe(1);
  expect(await absentAmong([neighbour, neighbour, { ...neighbour, provenance: "stale" }])).toBe(1);
  expect(await absentAmong([{ ...neighbour, provenance: "unproven" }])).toBe(0);
  expect(await absentAmong([{ ...neighbour, provenance: "refuted" }])).toBe(0);
  expect(await absentAmong([own, own, neighbour, neighbour])).toBe(3);
  const naming = { own: false, provenance: "proven", gpus: "GPU-2 GPU-3" };
  expect(await absentAmong([naming, naming, neighbour])).toBe(1);
  expect(await absentAmong([{ ...naming, provenance: "unproven" }])).toBe(0);
  expect(await absentAmong([{ ...naming, gpus: "GPU-3" }])).toBe(0);
});

test.each([
  ["a node in quarantine", "node set quarantined_ms = 9e15 where id"],
  ["a node that was revoked", "node set revoked_ms = 0 where id"],
  [
    "one whose account was revoked",
    "account set revoked_ms = 0 where (select max(id) from node where owner = account.id)",
  ],
])("%s is tried with nobody", async (_, cutOff) => {
  await using stack = new AsyncDisposableStack();
  const database = await openIn(stack);
  const [me, other] = [await nodeAt("203.0.113.7"), await nodeAt("203.0.113.8")];
  const due = () => findCompanions(database, me.node.id, undefined, 9, clock.now());
  expect((await due()).map(({ node }) => node)).toEqual([other.node.id]);
  await sql`update ${sql.raw(cutOff)} = ${other.node.id}`.execute(database);
  expect(await due()).toEqual([]);
});

test("strangers who name one's GPU crowd out none of one's own nodes", async () => {
  await using stack = new AsyncDisposableStack();
  const database = await openIn(stack);
  const [owner, stranger] = [await makeSigner(), await makeSigner()];
  for (const account of [owner, stranger]) await network.call(account, "POST", "/users", {});
  const add = async ({ id: of }: Signer, triedAt: number) => {
    const { id: node } = await makeSigner();
    await sql`insert into node (id, owner, jwk, multiplier, hmac_receipts, enrolled_ms)
      values (${node}, ${of}, '{}'::jsonb, 500, false, 0)`.execute(database);
    await sql`insert into hardware (node, provenance, device, tried_ms)
      values (${node}, 'proven', 'GPU-1', ${triedAt})`.execute(database);
    return node;
  };
  const [me, twin] = [await add(owner, 1), await add(owner, 1)];
  for (let number = 0; number < 64; number += 1) await add(stranger, 0);
  const found = await findCompanions(database, me, undefined, 0, clock.now());
  expect(found).toContainEqual({ node: twin, isClose: true, isTried: false });
});
