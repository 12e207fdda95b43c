import { expect, test } from "vitest";
import { usableAddresses } from "./connect.ts";

test("only addresses whose path is private by itself are used, in the order given", () => {
  const addresses = [
    "192.168.1.2:8080",
    "100.64.3.4:8080",
    "8.8.8.8:80",
    "[fd7a:115c:a1e0::1]:8080",
    "evil.example:80",
    "127.0.0.1:8080",
    "127.0.0.1:99999",
    "::1",
  ];
  expect(usableAddresses(addresses)).toEqual([
    { host: "100.64.3.4", port: 8_080 },
    { host: "fd7a:115c:a1e0::1", port: 8_080 },
    { host: "127.0.0.1", port: 8_080 },
  ]);
});
