import { expect, test } from "vitest";
import {
  commandsIn,
  fencedCommandsIn,
  mentionedIn,
  pathsMentionedIn,
  routesIn,
  tableCodesIn,
  variablesIn,
  variablesSetIn,
} from "./documented.ts";
import { sourceFile } from "./source-files.ts";

test("a name is documented when it stands in a code span", () => {
  const mentioned = mentionedIn("| `busy` | 503 |\nSee `RATE_LIMIT=1` but not owner_busy.");
  expect([...mentioned]).toEqual(["busy", "RATE_LIMIT", "1"]);
});

test("a table's rows give a code and its status", () => {
  const table = "| code | status |\n|---|---|\n| `busy` | 503 | … |\n| other | 500 |";
  expect(tableCodesIn(table)).toEqual([{ code: "busy", status: 503 }]);
});

test("variables are found however they are read", () => {
  const config = `
    const schema = z.object({ LISTEN: z.string(), "PUBLIC_URL": z.url() });
    readSecret(environment, "ADMIN_PASSWORD"); // NOT_THIS: comment
    const other = { lower: 1, ABC: 2 };`;
  const elsewhere = `environment.DATA_DIR; environment["CACHE_DIR"]; env?.LOG_LEVEL; const NOT_READ = { X_Y_Z: 1 };`;
  const files = [
    sourceFile("src/worker/config.ts", config),
    sourceFile("src/host/a.ts", elsewhere),
  ];
  expect([...variablesIn(files)].toSorted()).toEqual([
    "ADMIN_PASSWORD",
    "CACHE_DIR",
    "DATA_DIR",
    "LISTEN",
    "LOG_LEVEL",
    "PUBLIC_URL",
  ]);
});

test("an example of settings offers those it comments out", () => {
  expect([...variablesSetIn("# About LISTEN\nLISTEN=1\n#DATA_DIR=/x\n# PUBLIC_URL=")]).toEqual([
    "LISTEN",
    "DATA_DIR",
    "PUBLIC_URL",
  ]);
});

test("routes are found however they are registered", () => {
  const text = `
    app.route({ method: "GET", url: "/users/:id/balance" });
    app.get("/health", handler); app.post<{ Body: string }>("/authorize", handler);
    const path = "/v1/completions"; app.post(path, handler); // app.get("/never")
    map.get("not a path");`;
  const files = [
    sourceFile("src/coordinator/http/routes/a.ts", text),
    sourceFile("src/host/b.ts", text),
  ];
  expect([...routesIn(files)]).toEqual([
    "/users/{}/balance",
    "/health",
    "/authorize",
    "/v1/completions",
  ]);
});

test("a documented path counts with or without its method, whatever its parameters are called", () => {
  const markdown = "`GET /users/{id}/balance`, `/nodes/:node`, `POST|DELETE /v1/x?limit=1`, /plain";
  expect([...pathsMentionedIn(markdown)]).toEqual(["/users/{}/balance", "/nodes/{}", "/v1/x"]);
});

test("commands are found in the command line's sources", () => {
  const text = `program.command("demo [file]"); add("up", "the local API");`;
  expect([...commandsIn([sourceFile("src/cli/cli.ts", text)])]).toEqual(["demo", "up"]);
});

test("shown commands are the lines of shell blocks", () => {
  const markdown =
    "```sh\n$ npm ci && npm test\n# a comment\nLISTEN=1 troop up\n```\n```ts\nnot();\n```\n";
  expect(fencedCommandsIn(markdown)).toEqual(["npm ci", "npm test", "troop up"]);
});
