import { expect, test } from "vitest";
import { privatePaths } from "./connect.ts";

test("only paths that are private by themselves are used", () => {
  const addresses = ["192.168.1.2:8080", "100.64.3.4:8080", "8.8.8.8:80", "127.0.0.1:8080"];
  const paths = privatePaths({
    ...{ node_id: "n".repeat(43), addresses, relay: ["https://relay.example"] },
  });
  expect(paths.map(({ origin }) => origin)).toEqual([
    "http://127.0.0.1:8080",
    "http://100.64.3.4:8080",
  ]);
});
