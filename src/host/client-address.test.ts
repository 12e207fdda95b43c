/** Who calls, by what proxies wrote and by what callers made up, over bare sockets. */
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createSourceOf, isLocal, networkOf, originOf, trustedProxies } from "./client-address.ts";
import { listen } from "./listen.ts";

const networks = ["127.0.0.1", "10.0.0.0/8", "2001:db8:aaaa::/48"];
const server = createServer((request, response) => {
  const named = request.url === "/behind" ? networks : [];
  response.end(JSON.stringify(createSourceOf(named)(request)));
});
let port = 0;
beforeAll(async () => {
  ({ port } = await listen(server, { host: "127.0.0.1", port: 0 }));
});
afterAll(() => server.close().closeAllConnections());

async function sourceOf(path: string, headers: readonly string[]): Promise<unknown> {
  const socket: Socket = connect(port, "127.0.0.1");
  socket.end(
    [`GET ${path} HTTP/1.1`, "host: x", "connection: close", ...headers, "", ""].join("\r\n"),
  );
  return JSON.parse((await text(socket)).split("\r\n\r\n")[1]!);
}
const known = (address: string) => ({ address, isVeiled: false });
const veiled = (address: string) => ({ address, isVeiled: true });

describe("through proxies that are named", () => {
  test.each([
    ["nobody's", [], known("127.0.0.1")],
    ["one", ["203.0.113.7"], known("203.0.113.7")],
    ["two proxies'", ["203.0.113.7, 10.1.2.3"], known("203.0.113.7")],
    [
      "what the caller made up, to the left",
      ["1.1.1.1, 127.0.0.1, 203.0.113.7"],
      known("203.0.113.7"),
    ],
    [
      "a proxy's address made up by the caller",
      ["10.0.0.9, 203.0.113.7, 10.1.2.3"],
      known("203.0.113.7"),
    ],
    ["several headers", ["1.1.1.1", "203.0.113.7"], known("203.0.113.7")],
    ["a port", ["203.0.113.7:4711"], known("203.0.113.7")],
    ["IPv6", ["2606:4700:0:0::1"], known("2606:4700::1")],
    ["IPv6 with brackets", ["[2606:4700::1]"], known("2606:4700::1")],
    ["IPv6 with a port", ["[2606:4700::1]:443"], known("2606:4700::1")],
    ["an IPv6 proxy's", ["203.0.113.7,2001:db8:aaaa::1"], known("203.0.113.7")],
    ["IPv4 within IPv6", ["::ffff:203.0.113.7"], known("203.0.113.7")],
    ["the same in hexadecimal", ["::ffff:cb00:7107"], known("203.0.113.7")],
    ["a proxy's, within IPv6", ["203.0.113.7, ::ffff:10.1.2.3"], known("203.0.113.7")],
    ["a zone", ["fe80::1%eth0"], known("fe80::1")],
    ["proxies alone", ["10.1.2.3"], known("10.1.2.3")],
    ["this machine's, made up within a named network", ["::1, 10.0.0.9"], veiled("::1")],
    ["this machine's, said by a proxy on it", ["127.0.0.1"], veiled("127.0.0.1")],
    ["garbage", ["unknown"], veiled("127.0.0.1")],
    ["garbage before a proxy", ["203.0.113.7, _hidden, 10.1.2.3"], veiled("10.1.2.3")],
    ["an address cut short", ["203.0.113"], veiled("127.0.0.1")],
    ["nothing behind the comma", ["203.0.113.7,"], veiled("127.0.0.1")],
  ])("%s", async (_name, entries, source) => {
    const headers = entries.map((entry) => `x-forwarded-for: ${entry}`);
    expect(await sourceOf("/behind", headers)).toEqual(source);
  });

  test("the standard's header is no word of theirs", async () => {
    const source = await sourceOf("/behind", ["forwarded: for=203.0.113.7"]);
    expect(source).toEqual(veiled("127.0.0.1"));
  });
});

test.each([["x-forwarded-for: 203.0.113.7"], ["forwarded: for=203.0.113.7"]])(
  "whoever is not named is not believed: %s",
  async (header) => {
    expect(await sourceOf("/", [header])).toEqual(veiled("127.0.0.1"));
  },
);

test.each([
  [known("203.0.113.7"), "203.0.113.7", "203.0.113.0/24", false],
  [known("2606:4700::1"), "2606:4700:0:0::/64", "2606:4700:0:0::/64", false],
  [known("127.0.0.1"), undefined, undefined, true],
  [known("10.1.2.3"), undefined, undefined, false],
  [known("100.64.0.9"), undefined, undefined, false],
  [veiled("127.0.0.1"), "through 127.0.0.1", "through 127.0.0.1", false],
  [veiled("10.1.2.3"), "through 10.1.2.3", "through 10.1.2.3", false],
])("%o counts as %s, of %s", (source, origin, network, local) => {
  expect([originOf(source), networkOf(source), isLocal(source)]).toEqual([origin, network, local]);
});

test.each([
  [undefined, []],
  ["", []],
  ["127.0.0.1, 10.0.0.0/8,::1", ["127.0.0.1", "10.0.0.0/8", "::1"]],
])("TRUSTED_PROXIES=%s", (text, read) => {
  expect(trustedProxies.parse(text)).toEqual(read);
});

test.each(["proxy", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "10.0.0/8", "::/129", "*"])(
  "TRUSTED_PROXIES=%s is refused",
  (text) => {
    expect(trustedProxies.safeParse(text).success).toBe(false);
  },
);
