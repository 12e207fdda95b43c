import { expect, test } from "vitest";
import { sourcePrefix } from "./source-prefix.ts";

test.each([
  ["203.0.113.77", "203.0.113.0/24"],
  ["::ffff:203.0.113.9", "203.0.113.0/24"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:0DB8:1:2::9", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["127.0.0.1", undefined],
  ["::1", undefined],
  ["192.168.7.7", undefined],
  ["100.64.0.9", undefined],
  ["fd7a:115c:a1e0::5", undefined],
  ["fe80::1", undefined],
  ["nonsense", undefined],
])("%s belongs to %s", (address, prefix) => {
  expect(sourcePrefix(address)).toBe(prefix);
});
