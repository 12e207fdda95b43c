import { expect, test } from "vitest";
import { again, typedCommand } from "./typed-command.ts";

const typed = (advice: string, words: string, environment = {}) =>
  typedCommand(advice, { argv: words.split(" "), environment });

test.each([
  ["troop <command> --help", "up --bogus", "troop up --help"],
  [`${again} --port 9001`, "up --port 9000 --data /d", "troop up --data /d --port 9001"],
  [`${again} --port 9001`, "up --port=9000", "troop up --port 9001"],
  [`${again} --port 9001`, "worker --listen 127.0.0.1:1", "troop worker --port 9001"],
  [`LOG_LEVEL=debug ${again}`, "demo", "LOG_LEVEL=debug troop demo"],
  ["troop status", "up --data /my/d", "troop status --data /my/d"],
  ["troop up", "up --data /my/d", "troop up"],
  [
    `troop down coordinator && ${again}`,
    "admin keys --data /d",
    "troop down --data /d coordinator && troop admin keys --data /d",
  ],
])("%s, after `troop %s`, is `%s`", (advice, words, line) => {
  expect(typed(advice, words)).toBe(line);
});

test("words that a shell would take apart are quoted", () => {
  const argv = ["demo", "--ask", "What's up?"];
  const line = typedCommand(`${again} --port 1`, { argv, environment: {} });
  expect(line).toBe(`troop demo --ask 'What'\\''s up?' --port 1`);
});

test.each([
  [{ npm_lifecycle_event: "npx" }, "npx troop status"],
  [{ npm_lifecycle_event: "start" }, "npm run troop -- status"],
  [{}, "troop status"],
])("the program is called what it was called by: %j", (environment, line) => {
  expect(typed("troop status", "up", environment)).toBe(line);
  const both = typed(`troop status && ${again}`, "status", environment);
  expect(both).toBe(`${line} && ${line}`);
});
