/** Ten thousand nodes that beat, each from an address of its own, and somebody who looks for them. */
import { exportJWK, generateKeyPair } from "jose";
import { Agent, request } from "undici";
import { systemRandom } from "../../src/base/random.ts";
import { insertNode } from "../../src/coordinator/accounts/node-store.ts";
import { insertAccount } from "../../src/coordinator/accounts/store.ts";
import type { Database } from "../../src/coordinator/database.ts";
import type { Heartbeat } from "../../src/protocol/node.ts";
import { createProof } from "../../src/protocol/proof.ts";
import { createSigner, type PublicJwk, type Signer } from "../../src/protocol/signature.ts";

export interface BeatingNode {
  signer: Signer;
  number: number;
  beats: number;
}

const nodesPerOwner = 25;
/** Each node offers three of them, so that each is offered by 150 of ten thousand. */
const models = 200;
const inFlight = 32;
const started = Date.now();

export const modelOf = (number: number): string => `model-${number % models}:8b`;

export function createFleet(url: string, database: Database) {
  const agent = new Agent({ connections: inFlight });
  let owner: Signer;

  /** @param from a call from this machine itself counts for nobody. @returns the body, as text */
  async function call(
    signer: Signer,
    method: "GET" | "POST",
    path: string,
    body?: string,
    from?: string,
  ) {
    const proven = { method, url: url + path.split("?")[0], body };
    const dpop = await createProof(signer, systemRandom, Date.now(), proven);
    const answer = await request(url + path, {
      ...{ dispatcher: agent, method, body: body ?? null },
      headers: {
        ...{ "content-type": "application/json", dpop },
        ...(from === undefined ? {} : { "x-forwarded-for": from }),
      },
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${text}`);
    return text;
  }

  async function beat(node: BeatingNode): Promise<void> {
    const { number, signer } = node;
    node.beats += 1;
    const said: Heartbeat = {
      ...{ started, counter: node.beats, protocol: 1, status: "IDLE" },
      ...{ slots: { active: 0, total: 4 }, running: [] },
      snapshot_id: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
      ...(node.beats === 1 ? { snapshot: snapshotOf(number) } : {}),
    };
    const from = `203.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    const answer = await call(signer, "POST", "/heartbeat", JSON.stringify(said), from);
    if (!answer.includes('"resend":false')) throw new Error(`a beat was not taken: ${answer}`);
  }

  return {
    call,
    /** Enrolled in the database itself: what is measured comes later. */
    async enrol(first: number, count: number): Promise<BeatingNode[]> {
      const nodes: BeatingNode[] = [];
      for (let number = first; number < first + count; number += 1) {
        if (nodes.length % nodesPerOwner === 0) {
          owner = await makeSigner();
          await insertAccount(database, owner.id, owner.jwk, Date.now());
        }
        const signer = await makeSigner();
        const { id, jwk } = signer;
        const node = { id, jwk, owner: owner.id, multiplier: 500, hmacReceipts: false };
        await insertNode(database, node, nodesPerOwner, Date.now());
        nodes.push({ signer, number, beats: 0 });
      }
      return nodes;
    },
    /** One beat of each, so many at once. */
    async beatAll(nodes: readonly BeatingNode[]): Promise<void> {
      const waiting = nodes.values();
      const work = async () => {
        for (const node of waiting) await beat(node);
      };
      await Promise.all(Array.from({ length: inFlight }, work));
    },
    [Symbol.asyncDispose]: () => agent.destroy(),
  };
}

const snapshotOf = (number: number): Heartbeat["snapshot"] => ({
  ...{ port: 8_080, hosts: [], version: "0.1.0" },
  hardware: {
    ...{ platform: "linux", cpu: "AMD Ryzen 7 5700X 8-Core Processor", cores: 16 },
    memory_bytes: 34_359_738_368,
    gpus: ["NVIDIA GeForce RTX 3060"],
  },
  engines: [{ type: "ollama", version: "0.12.3", port: 11_434 }],
  models: [number, number + 67, number + 133].map((each) => ({
    ...{ name: modelOf(each), size_bytes: 4_700_000_000, context_length: 131_072 },
    ...{ digest: `sha256:${String(each % models).padStart(64, "0")}`, quantization: "Q4_K_M" },
    ...{ capabilities: ["chat" as const, "tools" as const], loaded: true },
  })),
});

export async function makeSigner(): Promise<Signer> {
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  return createSigner((await exportJWK(privateKey)) as PublicJwk & { d: string });
}
