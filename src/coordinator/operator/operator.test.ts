/** Who gets at `/admin`, and from where: a password in constant time, a lock-out, and nothing for strangers. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemClock } from "../../base/clock.ts";
import { systemRandom } from "../../base/random.ts";
import { callRole } from "../../host/role-socket.ts";
import { limits } from "../../protocol/limits.ts";
import { openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import { afterFailure, createLockOuts, noLockOut, waitOf } from "./lock-out.ts";
import { operatorSocketPath } from "./operator-listener.ts";
import { hashPassword, isPassword, loadPassword } from "./password.ts";

const password = "correct horse battery";
const operator = {
  ...{ listen: { host: "127.0.0.1", port: 0 }, isChosen: true, user: "admin" as const, password },
  url: "https://operators.example:8443",
};
const basic = (user: string, word: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${word}`).toString("base64")}`,
});

describe("a coordinator", { timeout: 60_000 }, () => {
  const services = new AsyncDisposableStack();
  let troop: TestCoordinator;
  beforeAll(async () => {
    const { url } = services.use(await createDatabase());
    troop = services.use(await openCoordinator({ databaseUrl: url, operator }));
  }, 60_000);
  afterAll(() => services.disposeAsync());

  const ask = (
    headers: Record<string, string>,
    remoteAddress = "127.0.0.1",
    url = "/admin/audit",
  ) => troop.coordinator.inject({ method: "GET", url, headers, remoteAddress });

  test("lets its operator in on the public port, from this machine, as curl does it", async () => {
    const answer = await ask(basic("admin", password), "127.0.0.1", "/admin/audit?limit=50");
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ events: [], next_cursor: null });
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  test("has nothing there for anybody from elsewhere, nor for who comes through a proxy", async () => {
    const known = basic("admin", password);
    const unknown = (await ask({}, "192.0.2.7", "/admin/nothing")).json();
    for (const [headers, address] of [
      [known, "192.0.2.7"],
      [known, "10.0.0.7"],
      [{ ...known, "x-forwarded-for": "127.0.0.1" }, "127.0.0.1"],
      [{ ...known, forwarded: "for=127.0.0.1" }, "127.0.0.1"],
      [{ ...known, "x-real-ip": "127.0.0.1" }, "127.0.0.1"],
      [{ ...known, via: "1.1 proxy" }, "127.0.0.1"],
    ] as const) {
      for (const path of ["/admin/audit", "/%61dmin/audit", "/admin/audit/verify"]) {
        const answer = await ask(headers, address, path);
        expect(answer.statusCode).toBe(404);
        expect(answer.json().error).toEqual(unknown.error);
        expect(answer.headers["www-authenticate"]).toBeUndefined();
      }
    }
    const posted = { method: "POST", url: "/admin/audit", remoteAddress: "192.0.2.7" } as const;
    expect((await troop.coordinator.inject(posted)).statusCode).toBe(404);
    expect((await ask({}, "192.0.2.7", "/openapi.json")).body).not.toContain("/admin");
  });

  test("asks who it is, and refuses a page's request whatever came with it", async () => {
    const nobody = await ask({});
    expect(nobody.statusCode).toBe(401);
    expect(nobody.json().error.code).toBe("login_required");
    expect(nobody.headers["www-authenticate"]).toMatch(/^Basic realm=/);
    for (const header of [{ origin: "http://127.0.0.1:8000" }, { "sec-fetch-site": "cross-site" }])
      expect((await ask({ ...basic("admin", password), ...header })).statusCode).toBe(403);
  });

  test("a page whose name leads here gets nowhere, and locks nobody out by trying", async () => {
    const url = troop.coordinator.operator!.url!;
    const { port } = new URL(url);
    for (let guess = 0; guess < 8; guess += 1) {
      const host = `evil.example:${port}`;
      const answer = await ask({ ...basic("admin", `no ${guess}`), host });
      expect(answer.json().error.code).toBe("forbidden_origin");
    }
    for (const host of ["127.0.0.1:8001", "localhost:9999", "[::1]:8001", "operators.example:8443"])
      expect((await ask({ ...basic("admin", password), host })).statusCode).toBe(200);
  });

  test("more who wait for their turn than there may be are asked to come again", async () => {
    const calls = Array.from({ length: limits.loginsWaiting + 4 }, () =>
      ask(basic("admin", password)),
    );
    const answers = await Promise.all(calls);
    const refused = answers.filter(({ statusCode }) => statusCode === 429);
    expect(refused).toHaveLength(4);
    for (const answer of refused) expect(answer.json().error.code).toBe("rate_limit_exceeded");
    expect((await ask(basic("admin", password))).statusCode).toBe(200);
  });

  test("listens at a port of its own, and at a socket that only its own user can open", async () => {
    const url = troop.coordinator.operator!.url!;
    expect((await fetch(`${url}/admin/audit`)).status).toBe(401);
    const known = await fetch(`${url}/admin/audit`, { headers: basic("admin", password) });
    expect(known.status).toBe(200);
    expect((await fetch(`${url}/health`)).status).toBe(404);
    const socketPath = operatorSocketPath(troop.folder);
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
    const call = { socketPath, method: "GET", timeoutMs: 5_000, clock: systemClock } as const;
    expect(await callRole({ ...call, path: "/admin/audit/verify" })).toMatchObject({ sound: true });
    const wrong = callRole({ ...call, path: "/admin/audit?limit=201" });
    await expect(wrong).rejects.toMatchObject({ code: "invalid_value" });
  });

  test("locks out who guesses, the right word included, until the time is over; each is on record", async () => {
    const guesses = Array.from({ length: 12 }, (_, number) => ask(basic("admin", `no ${number}`)));
    const codes = (await Promise.all(guesses)).map((answer) => answer.json().error.code);
    expect(codes).toEqual([
      ...Array.from({ length: 5 }, () => "login_required"),
      ...Array.from({ length: 7 }, () => "locked_out"),
    ]);
    const refused = await ask(basic("admin", password));
    expect(refused.statusCode).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBeLessThanOrEqual(30);
    // Somebody else's guesses lock nobody else out; and that a name is nobody's does not show.
    expect((await ask(basic("root", password))).statusCode).toBe(401);
    troop.clock.advance(30_000);
    const answer = await ask(
      basic("admin", password),
      "127.0.0.1",
      "/admin/audit?event_type=admin",
    );
    const rows: { user_id: string | null; details: { event: string } }[] = answer.json().events;
    const refusals = rows.map(({ user_id: user, details }) => [details.event, user]);
    expect(refusals).toEqual([
      ["login_refused", null],
      ["locked_out", "admin"],
      ...Array.from({ length: 4 }, () => ["login_refused", "admin"]),
    ]);
  });
});

test("without a desk nobody is let in", async () => {
  await using database = await createDatabase();
  await using troop = await openCoordinator({ databaseUrl: database.url });
  const call = { method: "GET", url: "/admin/audit", headers: basic("admin", password) } as const;
  expect((await troop.coordinator.inject(call)).statusCode).toBe(404);
});

test("a password that was made is shown once; only its hash is kept, for its owner", async () => {
  const folder = mkdtempSync(join(tmpdir(), "troop-password-"));
  try {
    const first = await loadPassword(folder, undefined, systemRandom);
    const again = await loadPassword(folder, undefined, systemRandom);
    expect(first.made).toMatch(/^[\w-]{24}$/);
    expect(again).toEqual({ stored: first.stored, made: undefined });
    expect(await isPassword(first.made!, again.stored)).toBe(true);
    for (const name of readdirSync(folder)) {
      expect(readFileSync(join(folder, name), "utf8")).not.toContain(first.made);
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("a password that nobody was shown, as where the start fails, ends with it; the next start makes another", async () => {
  const folder = mkdtempSync(join(tmpdir(), "troop-password-"));
  await using database = await createDatabase();
  const start = () =>
    openCoordinator({
      ...{ databaseUrl: database.url, dataFolder: folder },
      operator: { ...operator, password: undefined },
    });
  const file = join(folder, "keys", "operator-password");
  try {
    const failed = await start();
    expect(existsSync(file)).toBe(true);
    await failed[Symbol.asyncDispose]();
    expect(existsSync(file)).toBe(false);

    const shown = await start();
    expect(shown.coordinator.operator?.takePassword()).toMatch(/^[\w-]{24}$/);
    await shown[Symbol.asyncDispose]();
    expect(existsSync(file)).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("one word has as many hashes as there are salts, and nothing else opens them", async () => {
  const [one, other] = [
    await hashPassword("word", systemRandom),
    await hashPassword("word", systemRandom),
  ];
  expect(one).not.toBe(other);
  for (const stored of [one, other]) {
    expect(await isPassword("word", stored)).toBe(true);
    expect(await isPassword("Word", stored)).toBe(false);
  }
  for (const broken of ["", "scrypt.AAAA."]) expect(await isPassword("", broken)).toBe(false);
});

test("each further failure locks for twice as long, a quarter of an hour at most", () => {
  let state = noLockOut;
  const waits = Array.from({ length: 14 }, () => {
    state = afterFailure(state, 1_000);
    return waitOf(state, 1_000) / 1_000;
  });
  expect(waits).toEqual([0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900, 900, 900]);
  expect(waitOf(state, 1_000 + 900_000)).toBe(0);
});

test("whoever makes names up pushes no operator's lock-out out", () => {
  const lockOuts = createLockOuts(65);
  for (let guess = 0; guess < 5; guess += 1) lockOuts.failed("admin", true, 1_000);
  for (let name = 0; name < 5_000; name += 1) lockOuts.failed(`name ${name}`, false, 1_000);
  expect(lockOuts.waitOf("admin", 1_000)).toBe(30_000);
  for (let guess = 0; guess < 5; guess += 1) lockOuts.failed("nobody", false, 1_000);
  expect(lockOuts.waitOf("nobody", 1_000)).toBe(30_000);
});
