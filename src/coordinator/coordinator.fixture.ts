/** A running coordinator with people and machines who talk to it as workers and clients do. */
import { exportJWK, generateKeyPair } from "jose";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemRandom } from "../base/random.ts";
import { createLog } from "../host/log.ts";
import type { Heartbeat } from "../protocol/node.ts";
import { createProof } from "../protocol/proof.ts";
import {
  createSigner,
  type PublicJwk,
  type SignedType,
  type Signer,
} from "../protocol/signature.ts";
import { createStatement } from "../protocol/statement.ts";
import { createMovedClock, type MovedClock } from "./clock.fixture.ts";
import { readCoordinatorConfig, type CoordinatorConfig } from "./config.ts";
import { startCoordinator, type Coordinator } from "./coordinator.ts";

export interface Answer {
  status: number;
  headers: Record<string, unknown>;
  // Tests look into answers of every shape.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

export interface TestCoordinator extends AsyncDisposable {
  coordinator: Coordinator;
  clock: MovedClock;
  folder: string;
  /** Calls with a proof by `signer`; without one where it is undefined. */
  call(
    signer: Signer | undefined,
    method: "GET" | "POST" | "DELETE",
    path: string,
    body?: object | string,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  proof(signer: Signer, method: string, path: string, body?: string | Uint8Array): Promise<string>;
  statement(signer: Signer, type: SignedType, body: object): Promise<string>;
  enrol(node: Signer, owner: Signer): Promise<Answer>;
  /** An enrolled node that has sent its first beat. */
  serve(owner: Signer, fields?: Partial<Heartbeat>, node?: Signer): Promise<Signer>;
}

export const keyRingSecret = "of all coordinators on one database";

export async function makeSigner(): Promise<Signer> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  return createSigner((await exportJWK(privateKey)) as PublicJwk & { d: string });
}

/** One in sixty-four: its id looks like a flag. */
export async function makeSignerWithDash(): Promise<Signer> {
  const signer = await makeSigner();
  return signer.id.startsWith("-") ? signer : makeSignerWithDash();
}

export const beatOf = (fields: Partial<Heartbeat> = {}): Heartbeat => ({
  started: 1,
  counter: 1,
  protocol: 1,
  status: "IDLE",
  slots: { active: 0, total: 2 },
  running: [],
  snapshot_id: "6f3f0f6c-2a1b-4e5c-9d7e-41a5b0c8d2e3",
  snapshot: {
    port: 8_080,
    hosts: [],
    hardware: { platform: "linux", cpu: "c", cores: 1, memory_bytes: 1, gpus: [] },
    engines: [],
    models: [{ name: "a-model:1b", size_bytes: 1e9, capabilities: ["chat"], loaded: true }],
    version: "1",
  },
  ...fields,
});

/** @param settings `operator` where operators are to be heard; `databaseUrl` of a fresh PostgreSQL database; without it the embedded one */
export async function openCoordinator(
  settings: Partial<CoordinatorConfig> = {},
  clock = createMovedClock(),
): Promise<TestCoordinator> {
  const folder = settings.dataFolder ?? mkdtempSync(join(tmpdir(), "troop-coordinator-"));
  const config = readCoordinatorConfig(
    { OPERATOR_LISTEN: "off" },
    {
      ...{ listen: { host: "127.0.0.1", port: 0 }, dataFolder: folder },
      // Each has a folder of its own, and what is in the database is every one's.
      ...(settings.databaseUrl === undefined ? {} : { keyRingSecret }),
      ...settings,
    },
  );
  const log = createLog("silent");
  const coordinator = await startCoordinator(config, { clock, random: systemRandom, log });

  const proof: TestCoordinator["proof"] = (signer, method, path, body) =>
    createProof(signer, systemRandom, clock.now(), {
      method,
      url: coordinator.url + path.split("?")[0],
      body,
    });
  const statement: TestCoordinator["statement"] = (signer, type, body) =>
    createStatement(signer, type, coordinator.url, clock.now(), body);
  const call: TestCoordinator["call"] = async (signer, method, path, body, headers = {}) => {
    const text = typeof body === "object" ? JSON.stringify(body) : body;
    const answer = await coordinator.inject({
      method,
      url: path,
      headers: {
        ...(text === undefined ? {} : { "content-type": "application/json" }),
        ...(signer ? { dpop: await proof(signer, method, path, text) } : {}),
        ...headers,
      },
      ...(text === undefined ? {} : { payload: text }),
    });
    return { status: answer.statusCode, headers: answer.headers, body: answer.json() };
  };
  const enrol: TestCoordinator["enrol"] = async (node, owner) =>
    call(node, "POST", "/nodes", {
      enrolment: await statement(owner, "troop-enrolment+jwt", { node: node.id, owner: owner.id }),
    });

  return {
    coordinator,
    clock,
    folder,
    call,
    proof,
    statement,
    enrol,
    async serve(owner, fields, known) {
      const node = known ?? (await makeSigner());
      await enrol(node, owner);
      await call(node, "POST", "/heartbeat", beatOf(fields));
      return node;
    },
    [Symbol.asyncDispose]: async () => {
      await coordinator[Symbol.asyncDispose]();
      if (!settings.dataFolder) rmSync(folder, { recursive: true, force: true });
    },
  };
}
