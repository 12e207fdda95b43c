/** `troop bugreport`: secrets are planted wherever it looks, and looked for in what it writes, in every form. */
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, hostname, userInfo } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findMarks, newMark } from "../../test/support/privacy/marks.ts";
import { createMachine } from "./command-line.fixture.ts";
import { reportedFinding } from "./commands/bugreport/findings.ts";
import { judgeWork } from "./commands/doctor/roles.ts";

const nobody = "http://127.0.0.1:9";
const marks: string[] = [];
const mark = () => {
  marks.push(newMark());
  return marks.at(-1)!;
};
const inUrl = (text: string) => encodeURIComponent(text);
const inBase64 = (text: string) => Buffer.from(text).toString("base64url");
const inHex = (text: string) => Buffer.from(text).toString("hex");

const entry = (fields: object) => `${JSON.stringify({ level: 40, time: 1_000, ...fields })}\n`;

/** No redactor knows that these are anybody's: what is not ours stays out altogether. */
const plain = "what shall I tell my mother";

/** Everything that may come near a log, and some things that never should. */
function plantedLines(): string {
  const hold = "0123456789abcdef0123456789abcdef0123456789a";
  return [
    entry({
      msg: "heartbeat failed",
      err: {
        code: mark(),
        message: mark(),
        stack: `Error: ${mark()}\n    at f (/home/${inHex(mark())}/src/worker/beat.ts:1:2)`,
      },
    }),
    entry({
      msg: "request failed",
      prompt: mark(),
      messages: [{ content: mark() }],
      request_id: mark(),
    }),
    entry({
      msg: mark(),
      reason: mark(),
      path: `/${mark()}`,
      url: `https://${inUrl(mark())}@example.org/${inUrl(mark())}`,
    }),
    entry({
      msg: `ticket ${inBase64(mark())}.${inBase64(mark())}`,
      [mark()]: 1,
      engine: inHex(mark()),
    }),
    entry({ msg: "statement refused", hold, code: "receipt_conflict" }),
    entry({ msg: "close refused", hold }),
    `${mark()}\n`,
    `    at ${mark()}\n`,
    `${plain}\n`,
    entry({
      msg: "x",
      err: { message: plain, code: plain },
      text: plain,
      reason: plain,
      list: [plain],
    }),
  ].join("");
}

function plantedMachine() {
  const apiKey = mark();
  const made = createMachine(nobody, {
    TROOP_API_KEY: apiKey,
    RECEIPT_SECRET: "correct horse",
    DATABASE_URL: `postgres://${inUrl(mark())}:${inUrl(mark())}@db.example/${inUrl(mark())}`,
    HTTPS_PROXY: `http://u:${inUrl(mark())}@proxy:3128`,
    OLLAMA_HOST: "127.0.0.1:9",
    ALLOWED_ORIGINS: `https://${inHex(mark()).slice(0, 40)}.example`,
    LOG_LEVEL: "warn",
    PROXY_PORT: "9100",
  });
  const d = inBase64(mark());
  writeFileSync(
    join(made.folder, "account.key.json"),
    JSON.stringify({ kty: "OKP", d, x: mark() }),
    { mode: 0o600 },
  );
  mkdirSync(join(made.folder, "logs"));
  const log = join(made.folder, "logs", "worker.log");
  writeFileSync(log, plantedLines());
  appendFileSync(log, entry({ msg: `the key is ${apiKey} or ${d} or correct horse` }));
  appendFileSync(
    log,
    entry({ msg: `${homedir()}/x ${userInfo().username} ${hostname()} 192.168.1.7 192.168.1.7` }),
  );
  const file = join(made.folder, "report.json");
  return { ...made, file, report: () => JSON.parse(readFileSync(file, "utf8")) };
}

test("no secret, wherever it was planted and however it is written, is in the report", async () => {
  using here = plantedMachine();
  const told = await here.troop("bugreport", "--output", here.file);
  expect(told.code).toBe(0);
  const text = readFileSync(here.file);
  expect(marks.length).toBeGreaterThan(20);
  expect(
    findMarks(marks, { report: [text], shown: [Buffer.from(told.stdout + told.stderr)] }),
  ).toEqual([]);
  for (const secret of [plain, "correct horse", "db.example", "192.168.1.7", homedir()]) {
    expect(text.toString()).not.toContain(secret);
    expect(text.toString("latin1")).not.toContain(
      Buffer.from(secret).toString("base64").slice(0, -4),
    );
  }
  // Where they were planted they are found: the search can fail.
  const log = readFileSync(join(here.folder, "logs", "worker.log"));
  expect(findMarks(marks, { log: [log] }).length).toBeGreaterThan(10);
});

test.each([
  ["https://troop.acme-client.invalid:8443", "coordinator_unreachable"],
  ["https://acme-client", "coordinator_unreachable"],
  ["http://acme-client", "coordinator_unnamed"],
])("neither %s nor where folders lie is in the report", async (coordinator, code) => {
  using here = createMachine(coordinator, {
    OLLAMA_HOST: "127.0.0.1:9",
  });
  const data = join(here.folder, "acme-client", "data");
  mkdirSync(join(data, "logs"), { recursive: true });
  const lines = [
    `ENOTFOUND ${new URL(coordinator).hostname}`,
    `${data} is full`,
    "see acme-client.example",
  ];
  writeFileSync(
    join(data, "logs", "worker.log"),
    lines.map((msg) => entry({ msg, reason: "acme-client.example" })).join(""),
  );
  const file = join(here.folder, "report.json");
  const told = await here.troop("bugreport", "--data", data, "--output", file);
  expect(told.code).toBe(0);
  const text = readFileSync(file, "utf8");
  expect(text).not.toContain("acme-client");
  const { doctor, logs } = JSON.parse(text);
  expect(logs).toHaveLength(lines.length);
  const found = doctor.find(({ check }: { check: string }) => check === "coordinator");
  expect(found).not.toHaveProperty("cause");
  expect(found.code).toBe(code);
  expect(text).toContain("<data folder>");
});

test("of why no work comes only the code is in it, not the owner's programs", () => {
  const [found] = judgeWork({
    code: "owner_present",
    cause: "The machine is yours now: steam runs.",
  });
  const reported = reportedFinding({ check: "roles", ...found! }, (text) => text);
  expect(reported).toEqual({ check: "roles", level: "warning", code: "owner_present" });
});

test("what helps is in it: versions, findings, settings by name, and ids that can be followed", async () => {
  using here = plantedMachine();
  await here.troop("bugreport", "--output", here.file);
  const report = here.report();
  expect(report).toMatchObject({ troop: expect.any(String), node: process.version });
  expect(report.settings).toMatchObject({
    TROOP_API_KEY: "set",
    DATABASE_URL: "set",
    PROXY_PORT: "9100",
  });
  expect(report.doctor.map(({ code }: { code: string }) => code)).toContain(
    "coordinator_unreachable",
  );
  const of = (msg: string) => report.logs.find((line: { msg: string }) => line.msg === msg);
  expect(of("statement refused")).toMatchObject({
    code: "receipt_conflict",
    role: "worker",
    level: 40,
  });
  expect(of("statement refused").hold).toMatch(/^id-\d+$/);
  expect(of("close refused").hold).toBe(of("statement refused").hold);
  expect(of("heartbeat failed").err.stack).toEqual(["src/worker/beat.ts:1"]);
});

test("it says what it holds before it writes, and where it was written, for its owner only", async () => {
  using here = plantedMachine();
  const told = await here.troop("bugreport", "--output", here.file, "--json");
  expect(told.stderr).toMatch(/holds, and nothing else[^]*settings: .*TROOP_API_KEY/);
  expect(told.json).toMatchObject({ file: here.file });
  expect(statSync(here.file).mode & 0o777).toBe(0o600);
});

test("it never writes over a file, and only one that can be read", async () => {
  using here = plantedMachine();
  writeFileSync(here.file, "mine");
  expect((await here.troop("bugreport", "--output", here.file)).code).toBe(2);
  expect(readFileSync(here.file, "utf8")).toBe("mine");
  const archive = join(here.folder, "report.tar.gz");
  expect((await here.troop("bugreport", "--output", archive)).code).toBe(2);
  expect(existsSync(archive)).toBe(false);
});

test("it makes no account, and nothing else beside the report", async () => {
  using here = createMachine(nobody, { OLLAMA_HOST: "127.0.0.1:9" });
  await here.troop("bugreport", "--output", join(here.folder, "report.json"));
  expect(readdirSync(here.folder)).toEqual(["report.json"]);
});
