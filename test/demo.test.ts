/** The first thing that a newcomer types: `npm start`, with a question and without, with the real engine and model. */
import { readFileSync } from "node:fs";
import { readdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseCredits } from "../src/protocol/credits.ts";
import type { AskResult } from "../src/cli/demo/ask-and-settle.ts";
import type { GgufTensor } from "../tools/tiny-model/gguf.ts";
import { decodeGguf } from "../tools/tiny-model/gguf-read.ts";
import { encodeGguf } from "../tools/tiny-model/gguf-write.ts";
import { repository } from "./house-rules/source-files.ts";
import {
  createFolder,
  type Exit,
  lastObject,
  startProgram,
  startTroop,
} from "./support/processes.ts";

/** The first start on a machine fetches the engine. */
const timeout = 300_000;

const npmStart = (...words: string[]): Promise<Exit> =>
  startProgram("npm", ["start", "--silent", "--", ...words]).ended;

async function askFor(question: string, ...words: string[]): Promise<AskResult> {
  const exit = await npmStart("--ask", question, "--json", ...words);
  expect(exit).toMatchObject({ code: 0 });
  return lastObject(exit) as AskResult;
}

const loss = ({ before, after }: AskResult["requester"]) =>
  parseCredits(before) - parseCredits(after);

describe("npm start -- --ask", { timeout }, () => {
  test("answers from the model, and both sides' books agree to the micro-credit", async () => {
    const ticket = await askFor("What is a ticket?");
    expect(ticket).toMatchObject({
      ...{ model: "troop-toy", engine: "llama-cpp", multiplier: "0.0500" },
      provenance: "proven",
      receipt: { settled: true, acknowledged: true },
      requester: { before: "1000.000000" },
      provider: { before: "0.000000" },
    });
    expect(ticket.answer).toMatch(/^A ticket is a right to spend/);
    const cost = parseCredits(ticket.cost);
    expect(cost).toBeGreaterThan(0n);
    expect(loss(ticket.requester)).toBe(cost);
    expect(loss(ticket.provider)).toBe(-cost);

    const other = await askFor("Who are you?");
    expect(other.answer).toMatch(/toy/);
    expect(other.answer).not.toBe(ticket.answer);
    expect(loss(other.requester)).toBe(parseCredits(other.cost));
  });

  /** The model of the demo with other weights; everything else in the file is the same. */
  const changed = (change: (tensor: GgufTensor) => Float32Array): Uint8Array => {
    const model = decodeGguf(readFileSync(join(repository, "models", "troop-toy.gguf")));
    const tensors = model.tensors.map((tensor) => ({ ...tensor, values: change(tensor) }));
    return encodeGguf({ ...model, tensors });
  };
  const silenced = ({ name, values }: GgufTensor) =>
    name === "blk.0.attn_v.weight" ? new Float32Array(values.length) : values;

  test("one layer of the model silenced: what it says is no longer true", async () => {
    await using folder = await createFolder();
    const file = join(folder.path, "silenced.gguf");
    await writeFile(file, changed(silenced));
    const { answer } = await askFor("What is a ticket?", "--model", file);
    expect(answer).not.toMatch(/^A ticket is a right to spend/);
  });

  test("all weights zero: no words, and the provider is not paid for tokens that nobody saw", async () => {
    await using folder = await createFolder();
    const file = join(folder.path, "zero.gguf");
    await writeFile(
      file,
      changed(({ values }) => new Float32Array(values.length)),
    );
    const result = await askFor("What is a ticket?", "--model", file);
    expect(result.answer.trim()).toBe("");
    expect(result.receipt).toEqual({ settled: true, acknowledged: false });
    // What the client did not see is not the provider's either: it went to the commons.
    expect(-loss(result.provider)).toBeLessThan(loss(result.requester));
  });

  test("half a model: refused, with what is wrong", async () => {
    await using folder = await createFolder();
    const file = join(folder.path, "half.gguf");
    const whole = readFileSync(join(repository, "models", "troop-toy.gguf"));
    await writeFile(file, whole.subarray(0, whole.length / 2));
    const exit = await npmStart("--ask", "What is a ticket?", "--model", file, "--json");
    expect(exit.code).toBe(1);
    expect(lastObject(exit)).toMatchObject({ error: { code: "model_invalid" } });
  });

  test("for people: the answer as it streams, the cost, both balances, and no colours in a pipe", async () => {
    const { code, stdout, stderr } = await npmStart("--ask", "What is a ticket?");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^A ticket is .*\n\ncost {7}0\.\d{6} credits .*\nmultiplier \d+\.\d{4} proven\nrequester {2}1000\.000000 → 999\.\d{6}\nprovider {3}0\.000000 → 0\.\d{6}\n$/,
    );
    expect(stdout + stderr).not.toContain("\u001b");
    // A name that nothing offers is told before anything is asked.
    const exit = await npmStart("--ask", "Why?", "--model", "llama", "--json");
    expect(exit.code).toBe(1);
    expect(lastObject(exit)).toMatchObject({
      error: { code: "model_not_found", cause: expect.stringContaining("troop-toy") },
    });
    // Started by npm from a checkout, where no `troop` is on the PATH.
    expect(lastObject(exit)).toMatchObject({
      error: { run: expect.stringMatching(/^npm run troop -- demo .* --model troop-toy$/) },
    });
  });
});

/** Of what the demo printed, the lines from the first that matches to the next empty one. */
function paragraph(text: string, first: RegExp): string {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => first.test(line));
  expect(start).toBeGreaterThan(0);
  return lines.slice(start, lines.indexOf("", start)).join("\n");
}

test(
  "troop demo: what it prints works when pasted, and Ctrl-C leaves nothing behind",
  { timeout },
  async () => {
    await using temporary = await createFolder();
    await using demo = startTroop(["demo"], {
      environment: { TMPDIR: temporary.path },
      isDetached: true,
    });
    await demo.line(/console\.log\(.*\n\n/);
    const [, baseUrl] = await demo.line(/base URL {2}(\S+)/);
    expect(baseUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    expect(await readdir(temporary.path)).toHaveLength(1);

    const curl = await startProgram("sh", ["-c", paragraph(demo.stdout, /^curl /)]).ended;
    expect(JSON.parse(curl.stdout)).toMatchObject({
      choices: [{ message: { content: expect.stringMatching(/^A ticket is/) } }],
    });

    await using project = await createFolder();
    await symlink(join(repository, "node_modules"), join(project.path, "node_modules"));
    await writeFile(join(project.path, "ask.mjs"), paragraph(demo.stdout, /^import OpenAI/));
    const snippet = await startProgram(process.execPath, ["ask.mjs"], { folder: project.path })
      .ended;
    expect(snippet).toMatchObject({ code: 0, stderr: "" });
    expect(snippet.stdout).toMatch(/^A ticket is/);

    // To the whole group, as a terminal sends it: the engine's process gets it too.
    process.kill(-demo.pid, "SIGINT");
    expect(await demo.ended).toMatchObject({ code: 0, signal: null });
    expect(() => process.kill(-demo.pid, 0)).toThrow("ESRCH");
    expect(await readdir(temporary.path)).toEqual([]);
  },
);
