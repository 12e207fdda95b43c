/** Where a client lets itself be sent, by whatever it is told. */
import { describe, expect, test } from "vitest";
import { isPlausibleAddress, isPlausibleRelay, type Surroundings } from "./plausible.ts";

const lan = ["127.0.0.1/8", "192.168.1.7/24", "fd12::7/64"];
const club = ["127.0.0.1/8", "100.64.0.7/32"];
const inTheWorld = { coordinatorUrl: "https://troop.example", networks: ["127.0.0.1/8"] };
const here = { coordinatorUrl: "http://127.0.0.1:8000", networks: [] };
const inTheOffice = { coordinatorUrl: "http://10.0.0.1:8000", networks: [] };
const byInnerName = { coordinatorUrl: "https://troop.lan", networks: [] };
const onMesh = { coordinatorUrl: "http://100.64.0.1:8000", networks: [] };
const outside = { coordinatorUrl: "http://[2606:4700::1]:8000", networks: [] };

const address = (host: string, around: Surroundings, port = 8_080) =>
  isPlausibleAddress({ host, port }, around);

describe("an address is tried only where a node could stand", () => {
  test.each<[host: string, around: Surroundings, isTried: boolean]>([
    // This machine: only its own coordinator may say so.
    ["127.0.0.1", here, true],
    ["localhost", here, true],
    ["::1", here, true],
    ["127.0.0.1", inTheOffice, false],
    ["127.8.8.8", inTheWorld, false],
    ["localhost", inTheWorld, false],
    ["::1", inTheWorld, false],
    ["::ffff:127.0.0.1", inTheWorld, false],
    ["::ffff:7f00:1", inTheWorld, false],
    // Private networks: the coordinator's, or the client's own.
    ["192.168.1.9", here, true],
    ["192.168.1.9", inTheOffice, true],
    ["192.168.1.9", byInnerName, true],
    ["192.168.1.9", onMesh, true],
    ["192.168.1.9", inTheWorld, false],
    ["10.0.0.5", outside, false],
    ["fd12::9", inTheWorld, false],
    ["192.168.1.9", { ...inTheWorld, networks: lan }, true],
    ["fd12::9", { ...inTheWorld, networks: lan }, true],
    ["192.168.2.9", { ...inTheWorld, networks: lan }, false],
    ["fd12:0:0:1::9", { ...inTheWorld, networks: lan }, false],
    ["172.16.0.1", { ...inTheWorld, networks: lan }, false],
    // The mesh: its members only. A coordinator in the world may send members to each other.
    ["100.64.0.9", { ...inTheWorld, networks: club }, true],
    ["fd7a:115c:a1e0::9", { ...inTheWorld, networks: club }, true],
    ["100.64.0.9", { ...inTheWorld, networks: lan }, false],
    ["100.64.0.9", inTheOffice, true],
    // The world.
    ["9.9.9.9", inTheWorld, true],
    ["2606:4700::9", inTheWorld, true],
    ["::ffff:9.9.9.9", inTheWorld, true],
  ])("%s with %o: %s", (host, around, isTried) => {
    expect(address(host, around)).toBe(isTried);
  });

  test.each([
    ...["169.254.169.254", "169.254.1.1", "fe80::1", "fec0::1", "fd00:ec2::254"],
    ...["100.100.100.200", "168.63.129.16", "192.0.0.192"],
    ...["0.0.0.0", "0.1.2.3", "::", "224.0.0.1", "255.255.255.255", "ff02::1"],
    // IPv4 within IPv6, by which the above could be named otherwise.
    ...["::ffff:169.254.169.254", "::ffff:a9fe:a9fe", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1"],
    ...["2001:0:a9fe:a9fe::1", "::7f00:1", "::ffff:0:7f00:1", "198.18.0.1"],
  ])("%s never is", (host) => {
    for (const around of [here, inTheOffice, onMesh, { ...inTheWorld, networks: lan }])
      expect(address(host, around)).toBe(false);
  });

  test.each([0, 22, 25, 80, 443, 1_023])("port %i never is", (port) => {
    expect(address("127.0.0.1", here, port)).toBe(false);
    expect(address("9.9.9.9", inTheWorld, port)).toBe(false);
  });
});

describe("a relay is used only where one could stand", () => {
  test.each<[url: string, around: Surroundings, isUsed: boolean]>([
    ["https://relay.example", inTheWorld, true],
    ["https://relay.example:8443", inTheWorld, true],
    ["https://relay.example:22", inTheWorld, false],
    ["http://relay.example:8090", inTheWorld, false],
    ["http://relay.example:8090", here, false],
    ["http://9.9.9.9:8090", here, false],
    ["https://9.9.9.9", inTheWorld, true],
    // Whatever the way it is written.
    ["https://127.0.0.1:8443", inTheWorld, false],
    ["https://2130706433:8443", inTheWorld, false],
    ["https://0x7f.1:8443", inTheWorld, false],
    ["https://[::ffff:7f00:1]:8443", inTheWorld, false],
    ["https://localhost.:8443", inTheWorld, false],
    ["https://a.localhost:8443", inTheWorld, false],
    ["https://169.254.169.254", here, false],
    ["https://metadata.google.internal", inTheWorld, false],
    ["https://router.local", inTheWorld, false],
    ["https://router", inTheWorld, false],
    ["https://relay.lan", byInnerName, true],
    ["https://192.168.1.9:8443", inTheWorld, false],
    ["https://192.168.1.9:8443", { ...inTheWorld, networks: lan }, true],
    // In the open only where nobody is in between.
    ["http://127.0.0.1:8090", here, true],
    ["http://localhost:8090", here, true],
    ["http://relay.lan:8090", byInnerName, false],
    ["http://10.0.0.2:8090", inTheOffice, true],
    ["http://10.0.0.2:80", inTheOffice, false],
    ["http://127.0.0.1:8090", inTheOffice, false],
    // The coordinator's own: the client talks to it anyway.
    ["https://troop.example/", inTheWorld, true],
    ["http://10.0.0.1:80", { coordinatorUrl: "http://10.0.0.1:80", networks: [] }, true],
  ])("%s with %o: %s", (url, around, isUsed) => {
    expect(isPlausibleRelay(new URL(url), around)).toBe(isUsed);
  });
});
