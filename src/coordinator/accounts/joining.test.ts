/** Who gets an account, and at what price: by work, by invitation, and never implicitly where something is asked. */
import { describe, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { createCoordinatorClient } from "../../host/coordinator-client.ts";
import { joinNetwork } from "../../host/join.ts";
import { createLog } from "../../host/log.ts";
import { limits } from "../../protocol/limits.ts";
import { isSolution, readPuzzle, solvePuzzle, type PuzzleSolution } from "../../protocol/puzzle.ts";
import type { Signer } from "../../protocol/signature.ts";
import { makeInvites } from "../admin/inviting.ts";
import { createMovedClock } from "../clock.fixture.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import { openDatabase } from "../database.ts";
import { createJoinWork, workFor } from "./join-work.ts";

const join = (troop: TestCoordinator, key: Signer, body: object = {}) =>
  troop.call(key, "POST", "/users", body);
const exists = async (troop: TestCoordinator, key: Signer) =>
  (await troop.call(key, "GET", `/users/${key.id}/balance`)).status === 200;
const solve = (challenge: string) =>
  solvePuzzle(challenge, {
    work: readPuzzle(challenge)!.work,
    parallel: 4,
    signal: new AbortController().signal,
  });
/** A number that does not solve it. */
async function unsolved(challenge: string): Promise<PuzzleSolution> {
  const { work } = readPuzzle(challenge)!;
  for (let nonce = 0; ; nonce += 1)
    if (!(await isSolution({ challenge, nonce }, work))) return { challenge, nonce };
}
const refused = (code: string) => ({ status: 403, body: { error: { code } } });

describe("work", () => {
  const clock = createMovedClock();
  const maker = createJoinWork("a secret", { clock, random: systemRandom });
  const solved = async (account: string, work = 2): Promise<PuzzleSolution> =>
    solve(maker.challengeFor(account, work));
  const invalid = expect.objectContaining({ code: "puzzle_invalid" });

  test("that was done is accepted", async () => {
    const { id } = await makeSigner();
    await expect(maker.check(id, await solved(id))).resolves.toBeUndefined();
  });
  test("for another key is not", async () => {
    const [mine, yours] = [await makeSigner(), await makeSigner()];
    await expect(maker.check(mine.id, await solved(yours.id))).rejects.toEqual(invalid);
  });
  test("on a challenge of another's making is not", async () => {
    const { id } = await makeSigner();
    const other = createJoinWork("another secret", { clock, random: systemRandom });
    const solution = await solve(other.challengeFor(id, 1));
    await expect(maker.check(id, solution)).rejects.toEqual(invalid);
  });
  test("made easier is not", async () => {
    const { id } = await makeSigner();
    const [payload = "", signature] = maker.challengeFor(id, 8_000).split(".");
    const body = JSON.parse(Buffer.from(payload, "base64url").toString());
    const easy = Buffer.from(JSON.stringify({ ...body, work: 1 })).toString("base64url");
    const solution = await solve(`${easy}.${signature}`);
    await expect(maker.check(id, solution)).rejects.toEqual(invalid);
  });
  test("that was not done is not", async () => {
    const { id } = await makeSigner();
    const lazy = await unsolved(maker.challengeFor(id, limits.puzzleWorkMost));
    await expect(maker.check(id, lazy)).rejects.toEqual(invalid);
  });
  test("that took too long is not", async () => {
    const { id } = await makeSigner();
    const solution = await solved(id);
    clock.advance(limits.puzzleLifeMs);
    await expect(maker.check(id, solution)).rejects.toEqual(invalid);
  });

  test.each([
    [100n, 64],
    [200n, 64],
    [50n, 128],
    [25n, 256],
    [1n, 2_048],
    [0n, 2_048],
  ])("with %s of 100 left in the faucet is %s hashes", (left, work) => {
    expect(workFor(left, 100n)).toBe(work);
    expect(work).toBeLessThanOrEqual(limits.puzzleWorkMost);
  });
});

test("where joining costs work, nothing makes an account but work", async () => {
  await using database = await createDatabase();
  await using troop = await openCoordinator({
    ...{ databaseUrl: database.url, joinPolicy: "work", joinWork: 3 },
  });
  const key = await makeSigner();
  const asked = await join(troop, key);
  expect(asked).toMatchObject(refused("join_required"));
  const { policy, challenge } = asked.body.error.details;
  expect(policy).toBe("work");
  expect(readPuzzle(challenge)).toMatchObject({ account: key.id, work: 3 });

  const anchor = "A".repeat(43);
  const wish = { id: systemRandom.uuid(), model: "a-model:1b", anchor };
  expect(await troop.call(key, "POST", "/authorize", wish)).toMatchObject(refused("join_required"));
  expect(await troop.call(key, "GET", "/peers")).toMatchObject(refused("join_required"));
  expect(await troop.enrol(await makeSigner(), key)).toMatchObject(refused("join_required"));
  const lazy = await unsolved(challenge);
  expect(await join(troop, key, { puzzle: lazy })).toMatchObject(refused("puzzle_invalid"));
  expect(await exists(troop, key)).toBe(false);

  const puzzle = await solve(challenge);
  expect((await join(troop, await makeSigner(), { puzzle })).body.error.code).toBe(
    "puzzle_invalid",
  );
  expect(await join(troop, key, { puzzle })).toMatchObject({ body: { created: true } });
  expect(await join(troop, key)).toMatchObject({ status: 200, body: { created: false } });
  expect((await troop.enrol(await makeSigner(), key)).status).toBe(200);
}, 60_000);

test("a newcomer's program finds out what joining takes, does it, and shows how far it is", async () => {
  await using database = await createDatabase();
  await using troop = await openCoordinator({
    ...{ databaseUrl: database.url, joinPolicy: "work", joinWork: 3 },
  });
  const { clock } = troop;
  await using coordinator = createCoordinatorClient({
    ...{ url: troop.coordinator.url, clock, random: systemRandom },
  });
  const account = await makeSigner();
  const shares: number[] = [];
  const newcomer = {
    ...{ coordinator, account, signal: new AbortController().signal },
    onProgress: (share: number) => shares.push(share),
  };
  expect(await joinNetwork(newcomer)).toMatchObject({ created: true });
  expect(shares.length).toBeGreaterThan(0);
  expect(shares.every((share) => share > 0 && share < 1)).toBe(true);
  shares.length = 0;
  expect(await joinNetwork(newcomer)).toMatchObject({ created: false });
  expect(shares).toEqual([]);
});

test("an invitation lets one account in, once, in time", async () => {
  await using service = await createDatabase();
  const settings = { databaseUrl: service.url, joinPolicy: "invite" as const };
  await using troop = await openCoordinator(settings);
  const config = { url: service.url, folder: undefined, poolSize: 2 };
  const database = await openDatabase(config, createLog("silent"));
  const now = troop.clock.now();
  const terms = { count: 2, now, expiresAt: now + 1_000 };
  const [code, spare] = (await makeInvites(database, systemRandom, terms)) as [string, string];
  await database.destroy();

  const people = await Promise.all(Array.from({ length: 8 }, makeSigner));
  expect(await join(troop, people[0]!)).toMatchObject(refused("join_required"));
  expect(await join(troop, people[0]!, { invite: "0000-0000-0000-0000" })).toMatchObject(
    refused("invite_invalid"),
  );
  // As somebody types what was read out, and all at once.
  const invite = code.replaceAll("-", " ").toUpperCase();
  const answers = await Promise.all(people.map((key) => join(troop, key, { invite })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 403)).toHaveLength(7);
  const admitted = people[answers.findIndex(({ status }) => status === 200)]!;
  expect(await join(troop, admitted, { invite })).toMatchObject({ body: { created: false } });
  for (const key of people) expect(await exists(troop, key)).toBe(key === admitted);

  troop.clock.advance(1_000);
  const late = people.find((key) => key !== admitted)!;
  expect(await join(troop, late, { invite: spare })).toMatchObject(refused("invite_invalid"));
});
