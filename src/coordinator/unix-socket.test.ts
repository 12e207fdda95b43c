/** A coordinator on a Unix socket: for a proxy beside it, which says who calls. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { spawn } from "node:child_process";
import { connect } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../test/support/services.ts";
import { readCoordinatorConfig } from "./config.ts";
import { openCoordinator, type TestCoordinator } from "./coordinator.fixture.ts";

const resources = new AsyncDisposableStack();
const folder = mkdtempSync(join(tmpdir(), "troop-listen-"));
const path = join(folder, "coordinator.sock");
const publicUrl = "https://troop.example.org";
let databaseUrl: string;
let troop: TestCoordinator;
let wasLeft: boolean;
beforeAll(async () => {
  resources.defer(() => rmSync(folder, { recursive: true, force: true }));
  databaseUrl = resources.use(await createDatabase()).url;
  // What a process that was killed leaves.
  await once(listenElsewhere(path, "process.kill(process.pid, 'SIGKILL')"), "exit");
  wasLeft = existsSync(path);
  const settings = { databaseUrl, publicUrl, listen: { path } };
  troop = resources.use(await openCoordinator(settings));
});
afterAll(() => resources.disposeAsync());

/** Another process listens there, with room for one who waits, and then does as it is told. */
const listenElsewhere = (at: string, then: string) =>
  spawn(process.execPath, [
    "-e",
    `require("net").createServer().listen(${JSON.stringify({ path: at, backlog: 1 })}, () => { ${then} })`,
  ]);

async function ask(asked: string, headers: Record<string, string> = {}) {
  const sent = request({ socketPath: path, path: asked, headers, agent: false }).end();
  const [answer] = await once(sent, "response");
  const body = (await json(answer)) as { error?: { code: string } };
  return { status: answer.statusCode as number, headers: answer.headers, code: body.error?.code };
}
const from = (address: string) => ({ "x-forwarded-for": address });

test("it serves there, for its user and group, under the URL that others use, in place of a leftover", async () => {
  expect(wasLeft).toBe(true);
  expect(troop.coordinator.url).toBe(publicUrl);
  expect(statSync(path).mode & 0o777).toBe(0o660);
  expect((await ask("/health")).status).toBe(200);
});

test("who calls is who the proxy says; callers that it says nothing of are one", async () => {
  const left = async (headers = {}) =>
    (await ask("/tariff", headers)).headers["x-ratelimit-remaining"];
  expect(await left(from("203.0.113.7"))).toBe("99");
  expect(await left(from("203.0.113.7"))).toBe("98");
  expect(await left(from("1.1.1.1, 198.51.100.7"))).toBe("99");
  expect(await left(from("2.2.2.2, 198.51.100.7"))).toBe("98");
  expect(await left()).toBe("99");
  expect(await left()).toBe("98");
});

test("nobody who comes through it is somebody at this machine", async () => {
  expect(await ask("/admin/audit")).toMatchObject({ status: 404, code: "not_found" });
});

test("over TLS it is where the proxy says so", async () => {
  const security = async (proto: Record<string, string>) =>
    (await ask("/health", proto)).headers["strict-transport-security"];
  expect(await security({ "x-forwarded-proto": "https" })).toBe("max-age=31536000");
  expect(await security({ "x-forwarded-proto": "http" })).toBeUndefined();
  expect(await security({})).toBeUndefined();
});

test("a socket that somebody listens at, and a file that is none, stay what they are", async () => {
  const settings = { databaseUrl, publicUrl, listen: { path } };
  const refused = { code: "configuration_invalid", param: "LISTEN" };
  await expect(openCoordinator(settings)).rejects.toMatchObject(refused);
  expect((await ask("/health")).status).toBe(200);
  const file = join(folder, "a-file");
  writeFileSync(file, "mine");
  await expect(openCoordinator({ ...settings, listen: { path: file } })).rejects.toMatchObject(
    refused,
  );
  expect(existsSync(file)).toBe(true);
});

test("a socket whose listener is too busy to answer is not taken from it", async () => {
  const at = join(folder, "busy.sock");
  const block =
    'fs.writeSync(1, "."); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)';
  const busy = listenElsewhere(at, block);
  resources.defer(() => void busy.kill("SIGKILL"));
  await once(busy.stdout, "data");
  let outcome = "connect";
  while (outcome === "connect") {
    const socket = connect(at);
    resources.defer(() => void socket.destroy());
    outcome = await once(socket, "connect").then(
      () => "connect",
      ({ code }: NodeJS.ErrnoException) => String(code),
    );
  }
  expect(outcome).toBe("EAGAIN");
  const opened = openCoordinator({ databaseUrl, publicUrl, listen: { path: at } });
  await expect(opened).rejects.toMatchObject({ code: "configuration_invalid", param: "LISTEN" });
  expect(existsSync(at)).toBe(true);
});

test("without a URL for others it does not start", () => {
  const read = () => readCoordinatorConfig({ LISTEN: `unix:${path}` });
  expect(read).toThrow(expect.objectContaining({ param: "PUBLIC_URL" }));
  const listen = { path };
  expect(readCoordinatorConfig({ LISTEN: `unix:${path}`, PUBLIC_URL: publicUrl })).toMatchObject({
    listen,
    joinPolicy: "work",
  });
});
