/** Images come from the world only. */
import { expect, test } from "vitest";
import { isPublicAddress } from "./public-address.ts";

const elsewhere = ["127.0.0.1/8", "::1/128", "192.168.1.7/24"];

test.each([
  ["9.9.9.9"],
  ["1.1.1.1"],
  ["172.15.255.255"],
  ["172.32.0.1"],
  ["100.63.255.255"],
  ["100.128.0.1"],
  ["2606:4700::1111"],
  ["2a00:1450:4001:81b::200e"],
])("%s is public", (address) => {
  expect(isPublicAddress(address, elsewhere)).toBe(true);
});

test.each<[what: string, addresses: string[]]>([
  ["this machine", ["127.0.0.1", "127.255.255.254", "::1", "0.0.0.0", "0.1.2.3", "::"]],
  ["private networks", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "fc00::1"]],
  ["private networks of IPv6", ["fd00::1", "fd12:3456:789a::1", "fec0::1"]],
  ["link-local", ["169.254.0.1", "169.254.255.255", "fe80::1", "febf::1"]],
  ["carriers' and meshes' shared space", ["100.64.0.1", "100.127.255.255", "fd7a:115c:a1e0::1"]],
  ["clouds' metadata", ["169.254.169.254", "fd00:ec2::254", "100.100.100.200"]],
  ["more of clouds' metadata", ["168.63.129.16", "192.0.0.192", "169.254.170.2"]],
  ["multicast and broadcast", ["224.0.0.1", "239.255.255.250", "255.255.255.255", "ff02::1"]],
  ["reserved", ["240.0.0.1", "198.18.0.1", "198.19.255.255", "192.0.0.1", "192.88.99.1"]],
  ["documentation", ["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"]],
  ["IPv4 within IPv6: mapped", ["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:9.9.9.9"]],
  ["mapped, in its older forms", ["::127.0.0.1", "::ffff:0:7f00:1", "::a9fe:a9fe"]],
  ["NAT64", ["64:ff9b::7f00:1", "64:ff9b::909:909", "64:ff9b:1::7f00:1"]],
  ["6to4 and Teredo", ["2002:7f00:1::", "2002:909:909::1", "2001::1", "2001:0:4136:e378::1"]],
  ["discard, segments, benchmarks", ["100::1", "5f00::1", "2001:2::1", "2001:10::1"]],
  ["no address at all", ["", "localhost", "example.com", "0x7f000001", "2130706433", "127.1"]],
])("%s is not", (_what, addresses) => {
  for (const address of addresses)
    expect([address, isPublicAddress(address, [])]).toEqual([address, false]);
});

test("neighbours are none of the world, whatever their address", () => {
  const networks = ["2a00:1450::7/64", "9.9.9.1/24"];
  expect(isPublicAddress("2a00:1450::1", networks)).toBe(false);
  expect(isPublicAddress("2a00:1450:0:1::1", networks)).toBe(true);
  expect(isPublicAddress("9.9.9.1", networks)).toBe(false);
  expect(isPublicAddress("9.9.9.200", networks)).toBe(false);
  expect(isPublicAddress("9.9.8.200", networks)).toBe(true);
});
