import { expect, test } from "vitest";
import { createRedactor } from "./redactor.ts";

const secret = "pass word";
const redactor = () =>
  createRedactor({
    ...{ secrets: [secret], home: "/home/ann", user: "ann", host: "gpu-box" },
    hosts: ["Hub", "troop.acme.invalid"],
    folders: [
      ["/srv/acme", "<cache folder>"],
      ["/srv/acme/data", "<data folder>"],
      ["/home/ann/troop", "<data folder>"],
    ],
  });

const id = "q7Zt3xkP0aLm9vBn2cRw5yEu8sHd1fGj4oTi6KVXWQY";

test.each([
  ["data in /home/ann/.local", "data in ~/.local"],
  ["also /home/bob/x and C:\\Users\\bob\\x", "also ~/x and ~\\x"],
  ["ann on gpu-box, not annotated", "<name> on <name>, not annotated"],
  [`the ${secret} or ${encodeURIComponent(secret)}`, "the <secret> or <secret>"],
  [`as ${Buffer.from(secret).toString("hex")}`, "as <secret>"],
  [`as ${Buffer.from(secret).toString("base64")}`, "as <secret>"],
  [`${id} and ${id} and ${id.toLowerCase()}`, "id-1 and id-1 and id-2"],
  [`eyJhbGciOiJSUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl`, "id-1"],
  ["0b9e31f6-6c55-4b0b-8d8c-0a86a76fd1c6", "id-1"],
  [
    "at 192.168.1.7:80, 192.168.1.7 and 100.64.0.9",
    "at <private address-1>:80, <private address-1> and <mesh address-2>",
  ],
  ["2001:db8::1 at 14:30:05", "<public address-1> at 14:30:05"],
  ["https://me:word@troop.example:8443/a?b=c", "https://<host address-1>:8443"],
  ["getaddrinfo ENOTFOUND troop.acme.invalid", "getaddrinfo ENOTFOUND <host address-1>"],
  [
    "https://hub:1/ and hub and db.acme.example.",
    "https://<host address-1>:1 and <host address-1> and <host address-2>.",
  ],
  ["altnames: DNS:*.acme.example, DNS:a.b.c", "altnames: DNS:*.<host address-1>, DNS:a.b.c"],
  ["/srv/acme/data/k and '/srv/acme/x'", "<data folder>/k and '<cache folder>/x'"],
  ["rm /home/ann/troop/worker.sock", "rm <data folder>/worker.sock"],
  [
    "src/worker/beat.ts:1 worker.log e.g. llama.cpp",
    "src/worker/beat.ts:1 worker.log e.g. llama.cpp",
  ],
  ["curl http://127.0.0.1:8000/health", "curl http://127.0.0.1:8000"],
  ["coordinator_unreachable data_folder_missing", "coordinator_unreachable data_folder_missing"],
  ["RTX 3060, 4 GiB, Node v24.21.0", "RTX 3060, 4 GiB, Node v24.21.0"],
])("%s becomes %s", (text, expected) => {
  expect(redactor()(text)).toBe(expected);
});

test("a stand-in means the same through the whole report", () => {
  const redact = redactor();
  expect(redact(`first ${id}`)).toBe("first id-1");
  expect(redact(`then ${id}.`)).toBe("then id-1.");
});
