/** `POST /authorize`, warm, over HTTP to a coordinator in its own process, against one bare INSERT on the same server. */
import { exportJWK, generateKeyPair } from "jose";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { Agent, request } from "undici";
import { systemRandom } from "../../src/base/random.ts";
import { createProof } from "../../src/protocol/proof.ts";
import { createSecretTree } from "../../src/protocol/secrets.ts";
import { createSigner, type PublicJwk, type Signer } from "../../src/protocol/signature.ts";
import { createStatement } from "../../src/protocol/statement.ts";
import { model, nodeBeat } from "../../tools/faults/node-beat.ts";
import { freePort } from "../../tools/services/ready.ts";
import { figureOf, median, say, type Figure } from "../figure.ts";

const callsPerRound = 60;
/** The figure is of a coordinator that runs, not of one that starts: its code is compiled as it is used. */
const warmUpRounds = 5;
const main = join(import.meta.dirname, "..", "..", "src", "main.ts");

export async function authorizeFigure(url: string, rounds: number): Promise<Figure> {
  await using stack = new AsyncDisposableStack();
  const base = await startCoordinator(stack, url);
  const agent = new Agent({ connections: 1 });
  stack.defer(() => agent.destroy());
  const post = async (
    signer: Signer,
    path: string,
    body: object,
  ): Promise<() => Promise<unknown>> => {
    const text = JSON.stringify(body);
    const call = { method: "POST", url: base + path, body: text };
    const dpop = await createProof(signer, systemRandom, Date.now(), call);
    const headers = { "content-type": "application/json", dpop };
    return async () => {
      const answer = await request(base + path, {
        ...{ dispatcher: agent, method: "POST", headers, body: text },
      });
      const said = await answer.body.json();
      if (answer.statusCode !== 200) throw new Error(`${path}: ${JSON.stringify(said)}`);
      return said;
    };
  };

  const [node, owner, payer] = [await makeSigner(), await makeSigner(), await makeSigner()];
  const says = { node: node.id, owner: owner.id };
  const enrolment = await createStatement(owner, "troop-enrolment+jwt", base, Date.now(), says);
  await (
    await post(node, "/nodes", { enrolment })
  )();
  const beat = nodeBeat(async (body) => (await post(node, "/heartbeat", body))());
  const { anchor } = createSecretTree(systemRandom.bytes(32));
  const wish = () => ({ id: systemRandom.uuid(), model, anchor, max_budget: "0.010000" });

  const database = new pg.Client({ connectionString: url });
  await database.connect();
  stack.defer(() => database.end());
  await database.query("create table bare (id bigint generated always as identity, text text)");
  const insert = () => database.query("insert into bare (text) values ($1)", ["a row"]);

  const ratios: number[] = [];
  for (let round = 1 - warmUpRounds; round <= rounds; round += 1) {
    await beat();
    const times = { ours: [] as number[], theirs: [] as number[] };
    for (let call = 0; call < callsPerRound; call += 1) {
      // Signed before the clock starts: that is the client's work.
      const authorize = await post(payer, "/authorize", wish());
      times.ours.push(await timed(authorize));
      times.theirs.push(await timed(insert));
    }
    if (round < 1) continue;
    const [ours, theirs] = [median(times.ours), median(times.theirs)];
    say(`  /authorize p50 ${ours.toFixed(2)} ms, one INSERT ${theirs.toFixed(2)} ms`);
    ratios.push(ours / theirs);
  }
  const figure = "/authorize p50 ÷ one bare INSERT commit";
  return figureOf({ figure, good: "at most", gate: 4, aim: 2 }, ratios);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function startCoordinator(stack: AsyncDisposableStack, url: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "troop-bench-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const words = ["coordinator", "--json", "--data", folder, "--port", String(port)];
  const program = spawn(process.execPath, [main, ...words], {
    env: { ...process.env, DATABASE_URL: url, LOG_LEVEL: "error" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  stack.defer(async () => {
    program.kill();
    if (program.exitCode === null) await once(program, "exit");
  });
  await once(program.stdout, "data");
  return `http://127.0.0.1:${port}`;
}

async function makeSigner(): Promise<Signer> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  return createSigner((await exportJWK(privateKey)) as PublicJwk & { d: string });
}
