/**
 * What every command prints with `--json`, as an example in `test/vectors/cli`: programs read it, so a field that is
 * gone, renamed or of another kind shows in review. A change that is meant: `npm test -- test/cli-json.test.ts --update`.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildProgram } from "../src/cli/cli.ts";
import { createMachine } from "../src/cli/command-line.fixture.ts";
import { plainText } from "./support/fake-engine/script.ts";
import { plainJson } from "./support/plain-json.ts";
import { delivered } from "./support/separate-books.ts";
import {
  type Role,
  type SeparateNetwork,
  startSeparateNetwork,
} from "./support/separate-network.ts";

/** Names of things that exist only once the network runs. */
type Known = Readonly<
  Record<"node" | "request" | "hold" | "requester" | "provider" | "folder", string>
>;

interface Case {
  /** As they are typed; `{node}` and the like stand for what there is. */
  words: string;
  /** On whose machine. */
  at: Role;
}

const on = (at: Role, ...lines: string[]): Case[] => lines.map((words) => ({ words, at }));

/** In this order, one after the other. */
const cases: Case[] = [
  ...on("client", "status", "models", "nodes", "nodes pins", "ping {node}"),
  ...on("client", "nodes accept {node} {requester}", "nodes forget {node}"),
  ...on("client", "keys add editor --daily 20", "keys list", "keys cap editor --hourly 5"),
  ...on("client", "keys remove editor", "balance", "transactions", "chat Hello?"),
  ...on("client", "dispute {request} --reason not-received --yes", "gift {provider} 1 --yes"),
  ...on("client", "history", "history clear --yes", "account show", "mesh status"),
  ...on("client", "service install up --user --dry-run", "service status", "doctor"),
  ...on("client", "bugreport --output {folder}/report.json", "completion bash"),
  ...on("client", "init --role borrow --yes --no-start"),
  ...on("worker", "worker status", "worker block {requester}", "worker blocked"),
  ...on("worker", "worker unblock {requester}", "worker report {hold} --reason spam"),
  ...on("worker", "worker pause", "worker resume"),
  ...on("coordinator", "admin audit-ledger", "admin invite", "admin db-roles"),
  ...on("coordinator", "admin grant {requester} 5 --memo thanks --yes"),
  ...on("coordinator", "admin migrate status", "admin migrate up", "admin users", "admin ledger"),
  ...on("coordinator", "admin nodes", "admin keys", "admin invites"),
  ...on("coordinator", "admin quarantine {node}", "admin release {node}"),
  ...on("coordinator", "admin revoke node {node} --yes", "admin restore node {node}"),
  ...on("coordinator", "admin operators add lea --role treasurer", "admin operators list"),
  ...on("coordinator", "admin operators role lea viewer", "admin operators password lea"),
  ...on("coordinator", "admin operators remove lea", "admin delete {requester} --dry-run"),
  ...on("worker", "worker finish"),
  ...on("client", "down"),
];

/** Where the others' objects are looked at. */
const elsewhere: Readonly<Record<string, string>> = {
  demo: "test/demo.test.ts",
  relay: "test/relay-processes.test.ts",
  launch: "src/cli/launch-commands.test.ts",
  logs: "src/cli/logs-command.test.ts",
  "worker bench": "src/cli/bench-command.test.ts",
  "mesh join": "test/mesh-join.test.ts",
  "service uninstall": "src/cli/service-commands.test.ts",
  ...Object.fromEntries(
    ["export", "import", "link", "unlink", "rotate"].map((verb) => [
      `account ${verb}`,
      "src/cli/account-commands.test.ts",
    ]),
  ),
  "admin audit": "src/cli/admin-audit.test.ts",
  "admin audit verify": "src/cli/admin-audit.test.ts",
  "admin canary": "test/canary.test.ts",
  "admin export": "src/cli/admin-people.test.ts",
  "admin keys rotate": "src/cli/admin-people.test.ts",
  "admin migrate down": "src/cli/admin-commands.test.ts",
  "admin migrate new": "src/cli/admin-commands.test.ts",
};

const stack = new AsyncDisposableStack();
let network: SeparateNetwork;
let known: Known;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "troop-cli-json-"));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  network = stack.use(await startSeparateNetwork(plainText("It is me.")));
}, 120_000);
afterAll(() => stack.disposeAsync(), 60_000);

test(
  "one question is asked and settled, which the history is about",
  { timeout: 60_000 },
  async () => {
    const asked = await told({ words: "chat Who?", at: "client" });
    await delivered(network);
    const history = await told({ words: "transactions --kind request", at: "client" });
    const [request] = history.transactions;
    known = {
      ...{ node: asked.node, request: request.id, hold: request.metadata.hold },
      ...{ requester: network.requester, provider: network.provider, folder },
    };
    expect(request.metadata).toMatchObject({ state: "settled" });
  },
);

/** Nothing of this machine's own is found. */
const quiet = Object.fromEntries(
  ["OLLAMA_HOST", "VLLM_HOST", "LM_STUDIO_HOST", "LLAMA_SERVER_HOST", "SGLANG_HOST"].map((name) => [
    name,
    "127.0.0.1:9",
  ]),
);

// Answers of every shape.
// oxlint-disable-next-line typescript/no-explicit-any
async function told({ words, at }: Case): Promise<any> {
  using machine = createMachine(network.coordinatorUrl, {
    ...quiet,
    ...{ DATA_DIR: network.folderOf(at), DATABASE_URL: network.databaseUrl },
    ...{ COORDINATOR_URL: network.coordinatorUrl, TROOP_API_KEY: "any", PATH: "/nowhere" },
    ...{ XDG_CONFIG_HOME: join(folder, "config"), XDG_CACHE_HOME: join(folder, "cache") },
  });
  const typed = words.replaceAll(/\{(\w+)\}/g, (_, name: keyof Known) => known[name]).split(" ");
  return (await machine.troopAlone(...typed, "--json")).json;
}

const places = () => ({
  "<folder>": folder,
  ...{ "<data>": network.folderOf("client"), "<worker's data>": network.folderOf("worker") },
  "<coordinator's data>": network.folderOf("coordinator"),
});

const expectExample = (name: string, value: unknown) =>
  expect(`${JSON.stringify(value, null, 2)}\n`).toMatchFileSnapshot(`vectors/cli/${name}.json`);

/** What a doctor finds is this machine's: of each check one finding, and of its words their kinds. */
function examined(value: { findings: Record<string, unknown>[] }) {
  const kinds = (found: Record<string, unknown>) => ({
    ...Object.fromEntries(Object.keys(found).map((name) => [name, `<${name}>`])),
    check: found["check"],
  });
  const byCheck = Map.groupBy(value.findings, ({ check }) => check);
  return {
    ...Object.fromEntries(Object.keys(value).map((name) => [name, "<number>"])),
    mended: [],
    findings: [...byCheck.values()].map(([first]) => kinds(first!)),
  };
}

const nameOf = ({ words }: Case) =>
  words
    .replaceAll(
      / (\{\S+|--\S+|http\S+|\d+|Hello\?|borrow|spam|editor|not-received|thanks|lea|treasurer|viewer)/g,
      "",
    )
    .replaceAll(" ", "-");

describe("with --json each prints the object of its example", () => {
  test.each(["coordinator", "worker", "client"] as const)("%s, once it is ready", async (role) => {
    const [line] = (await network.said(role, /^\{"(url|node_id)":.*$/m)) as [string];
    await expectExample(`ready-${role}`, plainJson(JSON.parse(line), places()));
  });

  test("a failure", async () => {
    const words = "balance --coordinator http://127.0.0.1:9";
    await expectExample("failure", plainJson(await told({ words, at: "client" }), places()));
  });

  test.each(cases.map((one) => [`troop ${one.words}`, one] as const))("%s", async (_, one) => {
    // It says what became of the last receipts.
    if (one.words === "worker status") await delivered(network);
    const answer = plainJson(await told(one), places());
    const value = one.words === "doctor" ? examined(answer as never) : answer;
    await expectExample(nameOf(one), value);
  });
});

test("there is no command with --json whose object nobody looks at", () => {
  const terminal = {
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
  };
  const shutdown = new AbortController().signal;
  const program = buildProgram({ terminal, environment: {}, shutdown }, []);
  const all = (command: Command, path: string): string[] => [
    ...(command.options.some(({ long }) => long === "--json") ? [path] : []),
    ...command.commands.flatMap((inner) => all(inner, `${path} ${inner.name()}`.trim())),
  ];
  const shown = (path: string) =>
    cases.some(({ words }) => words === path || words.startsWith(`${path} `));
  const ready = ["coordinator", "worker", "up"];
  const left = all(program, "").filter(
    (path) => !shown(path) && !ready.includes(path) && !(path in elsewhere),
  );
  expect(left).toEqual([]);
});
