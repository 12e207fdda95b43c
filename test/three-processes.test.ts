/** A network as README.md tells people to start it: three commands, typed as they stand there, in three processes. */
import OpenAI from "openai";
import { symlink } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { readSidecarConfig } from "../src/client/config.ts";
import { readCoordinatorConfig } from "../src/coordinator/config.ts";
import { balanceAnswer, transactionsAnswer } from "../src/protocol/endpoints.ts";
import { modelsAnswer, peersAnswer } from "../src/protocol/offers.ts";
import { freePort } from "../tools/services/ready.ts";
import {
  createFolder,
  lastObject,
  launcher,
  plainEnvironment,
  type Running,
  startProgram,
} from "./support/processes.ts";
import { readme, readmeCommand } from "./support/readme.ts";

const commands = {
  coordinator: readmeCommand(/^troop coordinator$/),
  worker: readmeCommand(/^troop worker .*--model /),
  up: readmeCommand(/^troop up /),
};

test("the ports that README.md names are those of the programs", () => {
  const coordinatorUrl = "http://127.0.0.1:8000";
  expect(readCoordinatorConfig({}).listen).toEqual({ host: "127.0.0.1", port: 8_000 });
  expect(readSidecarConfig({}, { coordinatorUrl }).listen).toEqual({
    host: "127.0.0.1",
    port: 9_000,
  });
  expect(readme).toContain("Base URL `http://127.0.0.1:9000/v1`");
  expect(commands.worker).toContain(`--coordinator ${coordinatorUrl} `);
  expect(commands.up).toContain(`--coordinator ${coordinatorUrl}`);
});

const roleStatus = z.strictObject({
  role: z.enum(["coordinator", "worker", "client"]),
  state: z.literal("running"),
  url: z.url(),
  details: z.looseObject({}),
});
const statusAnswer = z.strictObject({
  roles: z.array(roleStatus).length(3),
  mesh: z.looseObject({ kind: z.enum(["none", "mesh"]) }),
  no_work: z.looseObject({ code: z.string(), cause: z.string() }).nullable(),
});

const pathAnswer = z.strictObject({
  kind: z.string(),
  origin: z.url(),
  first_ms: z.number().positive(),
  again_ms: z.number().positive(),
});
const pingAnswer = z.strictObject({
  node: z.string(),
  owner: z.string(),
  best: pathAnswer,
  paths: z.array(pathAnswer),
});

test(
  "troop coordinator, troop worker and troop up answer a question",
  { timeout: 300_000 },
  async () => {
    await using data = await createFolder();
    await using programs = await createFolder();
    await symlink(launcher, join(programs.path, "troop"));
    // Only the ports differ from what is printed, so that nothing else on this machine is in the way.
    const port = { coordinator: await freePort(), up: await freePort() };
    const environment = {
      PATH: [programs.path, plainEnvironment()["PATH"]].join(delimiter),
      DATA_DIR: data.path,
      LISTEN: `127.0.0.1:${port.coordinator}`,
      PROXY_PORT: String(port.up),
      WORKER_LISTEN: "127.0.0.1:0",
    };
    const type = (line: string): Running =>
      startProgram("sh", ["-c", `exec ${line.replace(":8000", `:${port.coordinator}`)}`], {
        environment,
      });

    await using coordinator = type(commands.coordinator);
    await coordinator.line(/^Coordinator ready at http:\/\/127\.0\.0\.1:\d+$/m);
    await using worker = type(commands.worker);
    await worker.line(/^Lending as node \S+ at http:\/\/127\.0\.0\.1:\d+$/m);
    await worker.line(/^llama-cpp .* http:\/\/127\.0\.0\.1:\d+ +troop-toy +[\d,]+ +\d+ [kM]B *$/m);
    await using up = type(commands.up);
    const [, baseURL] = await up.line(/^Ready\. .* at (http:\/\/127\.0\.0\.1:\d+\/v1)$/m);
    expect(baseURL).toBe(`http://127.0.0.1:${port.up}/v1`);

    const client = new OpenAI({ baseURL: baseURL!, apiKey: "any", maxRetries: 0 });
    const messages = [{ role: "user" as const, content: "What is a ticket?" }];
    const answer = await client.chat.completions.create({ model: "troop-toy", messages });
    expect(answer.choices[0]?.message.content).toMatch(/ticket/);
    expect(answer.usage?.completion_tokens).toBeGreaterThan(0);

    // None of these is told where the coordinator is: it runs here.
    const read = async <Answer>(command: string, schema: z.ZodType<Answer>): Promise<Answer> => {
      const exit = await type(`troop ${command} --json`).ended;
      expect(exit).toMatchObject({ code: 0, stderr: "" });
      return schema.parse(lastObject(exit));
    };
    const balance = await read("balance", balanceAnswer);
    // Who lends and who borrows are one account here: the own node is free.
    expect(balance).toMatchObject({ balance: "1000.000000", balance_seconds: 1_000 });
    const { data: models } = await read("models", modelsAnswer);
    expect(models).toMatchObject([{ id: "troop-toy", troop: { nodes: 1 } }]);
    const { nodes } = await read("nodes", peersAnswer);
    expect(nodes).toMatchObject([{ owner: balance.account_id, models: [{ name: "troop-toy" }] }]);
    const history = () => read("transactions", transactionsAnswer);
    await expect
      .poll(async () => (await history()).transactions.map(({ kind }) => kind), {
        interval: 100,
        timeout: 30_000,
      })
      .toEqual(["own", "grant"]);
    const { roles } = await read("status", statusAnswer);
    expect(roles.map(({ role }) => role)).toEqual(["coordinator", "worker", "client"]);
    for (const { details } of roles.slice(1)) expect(details).toHaveProperty("mesh.kind");
    expect(roles[2]!.details).toHaveProperty("tickets.0.path.kind", "loopback");

    const { node_id: node } = nodes[0]!;
    // As whatever it begins with: two dashes would be a flag.
    const pinged = await type(`troop ping --json -- ${node.slice(0, 8)}`).ended;
    const ping = pingAnswer.parse(lastObject(pinged));
    expect(ping).toMatchObject({ node, paths: [{ kind: "loopback" }] });
    const unknown = await type(`troop ping AAAA`).ended;
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining(node.slice(0, 12)) });

    for (const program of [up, worker, coordinator])
      expect(await program.end("SIGINT")).toMatchObject({ code: 0, signal: null });
    const after = lastObject(await type("troop status --json").ended);
    expect(after).toMatchObject({ roles: [1, 2, 3].map(() => ({ state: "stopped", url: null })) });
  },
);
