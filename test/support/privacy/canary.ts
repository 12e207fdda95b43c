/**
 * Marks go into prompts and answers through a running network, and everything that anybody else could look at is
 * kept: what went over each wire, what was logged, what lies in databases and on disk, what errors said.
 */
import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { createRoleLog } from "../../../src/host/logs/role-log.ts";
import { createRotatingFile } from "../../../src/host/logs/rotating-file.ts";
import { type Network, startNetwork } from "../../network.ts";
import { cutAfter, errorStatus, plainText, type Script, toolCall } from "../fake-engine/script.ts";
import { startCollector } from "../otlp-collector.ts";
import { createFolder } from "../processes.ts";
import { createRedisDatabase } from "../services.ts";
import { startBetween } from "./between.ts";
import { newMark } from "./marks.ts";
import { type Recorder, startRecorder } from "./recorder.ts";

export interface CanaryOptions {
  prompts: number;
  /** Content goes through the coordinator's relay instead of straight to the worker. */
  relay?: boolean;
}

export interface Canary {
  marks: string[];
  /** What was captured, by the place where it was. */
  places: Record<string, Buffer[]>;
  /** Between the application and its sidecar, where nothing is sealed yet. */
  beforeSealing: Buffer[];
  /** How the requests ended: how often each status, and each error's code. */
  endings: Record<string, number>;
}

interface Ask {
  path: string;
  body: string;
  script: Script;
  /** Marks in its answer are nobody's but the application's. */
  isAnswered: boolean;
}

const model = "test-model";
const chat = (mark: string, fields: object = {}) =>
  JSON.stringify({ model, messages: [{ role: "user", content: `Keep ${mark}.` }], ...fields });
const chatPath = "/v1/chat/completions";

/** Every way that content takes: streamed, whole, embedded, and each way to fail with content in hand. */
const asks: ((prompt: string, answer: string) => Ask)[] = [
  (prompt, answer) => ({
    ...{ path: chatPath, body: chat(prompt, { stream: true }), isAnswered: true },
    script: plainText("Kept: ", answer, "."),
  }),
  (prompt, answer) => ({
    ...{ path: chatPath, body: chat(prompt), isAnswered: true },
    script: toolCall("Kept", JSON.stringify({ answer })),
  }),
  (prompt) => ({
    ...{ path: "/v1/embeddings", isAnswered: true, script: plainText() },
    body: JSON.stringify({ model, input: [prompt] }),
  }),
  (prompt, answer) => ({
    ...{ path: chatPath, body: chat(prompt), isAnswered: false },
    script: cutAfter("Kept: ", answer),
  }),
  (prompt, answer) => ({
    ...{ path: chatPath, body: chat(prompt), isAnswered: false },
    script: errorStatus(400, `${prompt} is as wrong as ${answer}`),
  }),
  (prompt) => ({
    ...{ path: chatPath, body: `{${chat(prompt)}`, isAnswered: false, script: plainText() },
  }),
  (prompt) => ({
    ...{ path: chatPath, body: chat(prompt, { temperature: prompt }), isAnswered: false },
    script: plainText(),
  }),
];

export async function runCanary({ prompts, relay = false }: CanaryOptions): Promise<Canary> {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await createRedisDatabase());
  const redisUrl = new URL(redis.url);
  const redisWire = stack.use(await startRecorder(() => redisUrl.host));
  const lines: string[] = [];
  const logs = stack.use(await createFolder());
  const file = stack.use(createRotatingFile({ path: join(logs.path, "role.log") }));
  const collector = stack.use(await startCollector());
  const telemetry = stack.use(collector.telemetry("all"));
  const { tracer, logStream } = telemetry;
  const shown = { write: (line: string) => void lines.push(line) };
  const log = createRoleLog("trace", shown, file, logStream);
  const between = stack.use(await startBetween());
  const network = stack.use(
    await startNetwork({
      ...{ between, log, relay, tracers: { coordinator: tracer, worker: tracer, client: tracer } },
      redisUrl: `redis://${redisWire.address}${redisUrl.pathname}`,
    }),
  );
  const workerWire = stack.use(await startRecorder(() => new URL(network.worker.url).host));
  between.alter = (answer) => ({
    ...answer,
    node: { ...answer.node, addresses: relay ? [] : [workerWire.address] },
  });
  const applicationWire = stack.use(await startRecorder(() => new URL(network.sidecar.url).host));

  const marks: string[] = [];
  const errors: string[] = [];
  const endings: Record<string, number> = {};
  for (let index = 0; index < prompts; index += 1) {
    const [prompt, answer] = [newMark(), newMark()];
    const ask = asks[index % asks.length]!(prompt, answer);
    network.engine.play(ask.script);
    const { status, text } = await send(applicationWire, ask);
    marks.push(prompt, ...(ask.isAnswered && text.includes("Kept") ? [answer] : []));
    if (!ask.isAnswered) errors.push(text);
    const ending = `${status} ${/"code":"(\w+)"/.exec(text)?.[1] ?? "answered"}`;
    endings[ending] = (endings[ending] ?? 0) + 1;
  }
  await network.settle();
  const { coordinator, worker, sidecar } = network;
  const metrics = [coordinator, worker, sidecar].map(({ metrics: one }) => one.text());
  await telemetry[Symbol.asyncDispose]();
  const places = {
    coordinator: between.recorder.captured(),
    ...(relay ? {} : { worker: workerWire.captured() }),
    redis: redisWire.captured(),
    database: await dump(network.databaseUrl!),
    disk: await filesOf(network),
    log: lines.map((line) => Buffer.from(line)),
    logFile: await filesIn(logs.path),
    telemetry: [...collector.bodies],
    metrics: (await Promise.all(metrics)).map((text) => Buffer.from(text)),
    errors: errors.map((text) => Buffer.from(text)),
  };
  return { marks, places, beforeSealing: applicationWire.captured(), endings };
}

async function send({ url }: Recorder, { path, body }: Ask) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(url + path, { method: "POST", headers, body });
  return { status: response.status, text: await response.text() };
}

/** Every row of every table, as JSON. */
async function dump(connectionString: string): Promise<Buffer[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
       where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const contents: Buffer[] = [];
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(
        `select to_jsonb(t)::text as row from ${name} t`,
      );
      contents.push(Buffer.from(rows.map(({ row }) => row).join("\n")));
    }
    return contents;
  } finally {
    await client.end();
  }
}

/** Keys, journals and records, with what SQLite has not yet put in its place. */
const filesOf = ({ folder }: Network): Promise<Buffer[]> => filesIn(folder);

async function filesIn(folder: string): Promise<Buffer[]> {
  const contents: Buffer[] = [];
  for await (const entry of glob("**", { cwd: folder, withFileTypes: true }))
    if (entry.isFile()) contents.push(await readFile(join(entry.parentPath, entry.name)));
  return contents;
}
