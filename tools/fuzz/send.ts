/** Sends a case as bytes, and tells what came of it. */
import { connect } from "node:net";
import { systemRandom } from "../../src/base/random.ts";
import { bytesOf } from "../../src/coordinator/http/raw-call.fixture.ts";
import { createProof } from "../../src/protocol/proof.ts";
import type { CallCase, Case } from "./cases.ts";
import type { Ground } from "./ground.ts";

/** What was received until the connection ended; undefined where it never did. */
export type Outcome = string | undefined;

/** Twice as long as the slowest body may take, and longer than any call. */
const patienceMs = 45_000;

export async function sendCase(ground: Ground, sent: Case): Promise<Outcome> {
  if (sent.kind === "call") return exchange(ground, [await callBytes(ground, sent)], "wait");
  const pieces = sent.pieces.map((piece) => Buffer.from(piece, "latin1"));
  return exchange(ground, pieces, sent.ending);
}

async function callBytes(ground: Ground, sent: CallCase): Promise<Buffer> {
  const said = (text: string) =>
    ground.words.reduce((whole, { token, value }) => whole.replaceAll(token, value), text);
  // Within JSON and within a path the words stand as they are, but for a key, which is JSON itself.
  const inPath = (text: string) => said(text.replaceAll("@@key@@", () => urlKey(ground)));
  const inBody = (text: string) => said(text.replaceAll("@@key@@", ""));
  const body = sent.body === undefined ? undefined : Buffer.from(inBody(sent.body), "latin1");
  const path = inPath(sent.path);
  const proof = await proofFor(ground, sent, path, body);
  const headers = { ...(proof === undefined ? {} : { dpop: proof }), ...sent.headers };
  return bytesOf(sent.method, path, { headers, body });
}

const urlKey = ({ people }: Ground): string => encodeURIComponent(JSON.stringify(people.user.jwk));

function proofFor(
  { troop, people }: Ground,
  { method, proof, caller }: CallCase,
  path: string,
  body: Buffer | undefined,
): Promise<string> | string | undefined {
  if (proof === "missing") return undefined;
  if (proof === "garbled") return "eyJhbGciOiJub25lIn0.e30.";
  const now = troop.clock.now() - (proof === "old" ? 60_000 : 0);
  const where = proof === "of another path" ? "/elsewhere" : path.split("?")[0]!;
  const what = proof === "of another body" ? "{}" : body;
  const call = { method: method === "HEAD" ? "GET" : method, url: troop.coordinator.url + where };
  return createProof(people[caller], systemRandom, now, { ...call, body: what });
}

function exchange(
  { troop }: Ground,
  pieces: readonly Buffer[],
  ending: "wait" | "end" | "leave",
): Promise<Outcome> {
  const { port, hostname } = new URL(troop.coordinator.url);
  const socket = connect({ port: Number(port), host: hostname, noDelay: true });
  let received = "";
  return new Promise((resolve) => {
    const late = troop.clock.timer(patienceMs, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.setEncoding("latin1");
    socket.on("data", (text) => (received += String(text)));
    // Whoever is refused while they still send may be hung up on.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      late.cancel();
      resolve(received);
    });
    void say();
  });

  async function say(): Promise<void> {
    const closed = new Promise((resolve) => socket.once("close", resolve));
    for (const piece of pieces) {
      if (!socket.writable) return;
      // Each in a packet of its own.
      const sent = new Promise((resolve) => socket.write(piece, () => setImmediate(resolve)));
      await Promise.race([sent, closed]);
    }
    if (ending === "end") socket.end();
    if (ending === "leave") socket.destroy();
  }
}
