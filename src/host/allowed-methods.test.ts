import { expect, test } from "vitest";
import { allowedMethods } from "./allowed-methods.ts";

const patterns = [
  { method: "GET", url: "/nodes" },
  { method: ["POST"], url: "/nodes" },
  { method: "GET", url: "/users/:id/balance" },
  { method: "GET", url: "/models/*" },
];

test.each([
  ["/nodes", ["GET", "POST"]],
  ["/users/somebody/balance", ["GET"]],
  ["/users/balance", []],
  ["/nodes/", []],
  ["/models/a", ["GET"]],
  ["/models/a/b", ["GET"]],
  ["/models", []],
  ["/elsewhere", []],
])("%s knows %j", (path, methods) => {
  expect(allowedMethods(patterns, path)).toEqual(methods);
});
