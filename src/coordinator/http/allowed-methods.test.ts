import { expect, test } from "vitest";
import { allowedMethods } from "./allowed-methods.ts";

const patterns = [
  { method: "GET", url: "/nodes" },
  { method: ["POST"], url: "/nodes" },
  { method: "GET", url: "/users/:id/balance" },
];

test.each([
  ["/nodes", ["GET", "POST"]],
  ["/users/somebody/balance", ["GET"]],
  ["/users/balance", []],
  ["/nodes/", []],
  ["/elsewhere", []],
])("%s knows %j", (path, methods) => {
  expect(allowedMethods(patterns, path)).toEqual(methods);
});
