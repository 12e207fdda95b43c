/** The whole network with a coordinator that speaks TLS itself: an application's answer, and a worker behind its relay. */
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startNetwork } from "./network.ts";
import { createAuthority, type Authority } from "./support/certificates.ts";
import { ask } from "./support/fake-engine/infer-client.ts";
import { plainText } from "./support/fake-engine/script.ts";
import { buyTicket } from "./support/tickets.ts";

const usual = getCACertificates("default");
let authority: Authority;
beforeAll(() => {
  authority = createAuthority();
  // As NODE_EXTRA_CA_CERTS, for this process.
  setDefaultCACertificates([...usual, readFileSync(authority.file, "utf8")]);
});
afterAll(() => {
  setDefaultCACertificates(usual);
  authority[Symbol.dispose]();
});

test("a worker connects to its relay, and an answer comes through it and is paid", async () => {
  const { certificate, key } = authority.issue("IP:127.0.0.1");
  await using network = await startNetwork({
    ...{ relay: true, script: plainText("over TLS") },
    coordinator: { TLS_CERT: certificate, TLS_KEY: key },
  });
  const { coordinator, worker, calls, requester, node } = network;
  expect(coordinator.url).toMatch(/^https:/);
  expect(worker.status().relays).toEqual([coordinator.url]);
  const ticket = await buyTicket(calls, requester, node.id);
  const answer = await ask({ url: `${coordinator.url}/relay/${node.id}`, ticket });
  expect(JSON.stringify(answer)).toContain("over TLS");
  await network.settle();
  const kinds = (await network.history(network.provider)).map(({ kind }) => kind);
  expect(kinds).toContain("request");
});
