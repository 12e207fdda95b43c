/** A coordinator with a certificate of its own: what it shows, that it says so, and that a new one is shown unasked. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { request } from "node:https";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAuthority, type Authority } from "../../test/support/certificates.ts";
import { createDatabase } from "../../test/support/services.ts";
import { type CertificateFiles, readCertificate } from "../host/certificate.ts";
import { readCoordinatorConfig } from "./config.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "./coordinator.fixture.ts";

const resources = new AsyncDisposableStack();
let authority: Authority;
let tls: CertificateFiles;
let troop: TestCoordinator;
beforeAll(async () => {
  const { url: databaseUrl } = resources.use(await createDatabase());
  authority = resources.use(createAuthority());
  tls = authority.issue("IP:127.0.0.1");
  troop = resources.use(await openCoordinator({ databaseUrl, tls }));
});
afterAll(() => resources.disposeAsync());

interface Seen {
  status: number;
  security: string | undefined;
  fingerprint: string;
}
const health = (ca = readFileSync(authority.file)) =>
  new Promise<Seen>((resolve, reject) => {
    const asked = request(`${troop.coordinator.url}/health`, { ca, agent: false }, (answer) => {
      answer.resume();
      resolve({
        status: answer.statusCode!,
        security: answer.headers["strict-transport-security"],
        fingerprint: (answer.socket as TLSSocket).getPeerCertificate().fingerprint256,
      });
    });
    asked.once("error", reject).end();
  });

test("it is reached by https, for whoever trusts the authority, and says that it always will be", async () => {
  expect(troop.coordinator.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
  expect(await health()).toMatchObject({ status: 200, security: "max-age=31536000" });
  using stranger = createAuthority();
  await expect(health(readFileSync(stranger.file))).rejects.toThrow(/certificate/);
});

test("a new certificate is shown within a minute; files that are no pair change nothing", async () => {
  const before = (await health()).fingerprint;
  const good = readFileSync(tls.certificate);
  const next = authority.issue("IP:127.0.0.1");
  copyFileSync(next.certificate, tls.certificate);
  troop.clock.advance(60_000);
  expect((await health()).fingerprint).toBe(before);
  copyFileSync(next.key, tls.key);
  troop.clock.advance(60_000);
  const after = (await health()).fingerprint;
  expect(after).not.toBe(before);
  writeFileSync(tls.certificate, "no certificate");
  troop.clock.advance(60_000);
  expect((await health()).fingerprint).toBe(after);
  writeFileSync(tls.certificate, good);
});

test("a worker that vanishes under its relay's HTTP/2 takes nothing with it, and may come again", async () => {
  const node = await troop.serve(await makeSigner());
  const { port } = new URL(troop.coordinator.url);
  for (let turn = 0; turn < 20; turn += 1) {
    troop.clock.advance(1_000);
    const dpop = await troop.proof(node, "GET", "/relay");
    const socket = connect({
      port: Number(port),
      host: "127.0.0.1",
      ca: readFileSync(authority.file),
    });
    const lines = ["GET /relay HTTP/1.1", "host: x", "connection: upgrade", "upgrade: troop-relay"];
    socket.write([...lines, `dpop: ${dpop}`, "", ""].join("\r\n"));
    const [first] = (await once(socket, "data")) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 101 /);
    // By turns: at once, and after it has begun to speak HTTP/2.
    if (turn % 2 === 0 && !first.includes("PRI *")) await once(socket, "data");
    socket.destroy();
  }
  expect((await health()).status).toBe(200);
});

test("a certificate without its key, or that is none, is said at the start", () => {
  expect(() => readCoordinatorConfig({ TLS_CERT: "/a" })).toThrow(
    expect.objectContaining({ code: "configuration_invalid", param: "TLS_KEY" }),
  );
  const key = authority.issue("IP:127.0.0.1").key;
  for (const wrong of [
    { ...tls, key },
    { ...tls, certificate: "/nowhere" },
  ])
    expect(() => readCertificate(wrong)).toThrow(
      expect.objectContaining({ code: "configuration_invalid", param: "TLS_CERT" }),
    );
});
