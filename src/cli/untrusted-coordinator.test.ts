/** A coordinator behind an authority of its own: who does not know that is told how to. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { createAuthority } from "../../test/support/certificates.ts";
import { createMachine } from "./command-line.fixture.ts";

test("a certificate that nothing here trusts is said to be that, and what would trust it", async () => {
  using authority = createAuthority();
  const { certificate, key } = authority.issue("IP:127.0.0.1");
  const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  using here = createMachine(url);
  try {
    const { code, json } = await here.troop("models", "--json");
    expect(code).toBe(3);
    expect(json.error).toMatchObject({
      ...{ code: "coordinator_unreachable", cause: expect.stringMatching(/certificate/) as string },
      run: `NODE_EXTRA_CA_CERTS=<file> troop models --json --coordinator ${url}`,
    });
  } finally {
    server.close();
  }
});
