/** Calls as bytes on a socket: what no HTTP client would send, and what one sends, seen as it arrives. */
import { connect, type Socket } from "node:net";
import pg from "pg";
import type { Signer } from "../../protocol/signature.ts";
import type { Answer, TestCoordinator } from "../coordinator.fixture.ts";

export interface Call {
  headers?: Record<string, string>;
  body?: string | Uint8Array | undefined;
}

/** The bytes of a well-framed call, after which the connection ends. */
export function bytesOf(method: string, path: string, { headers = {}, body }: Call = {}): Buffer {
  const lines = {
    host: "x",
    connection: "close",
    ...(body === undefined
      ? {}
      : { "content-type": "application/json", "content-length": String(Buffer.byteLength(body)) }),
    ...headers,
  };
  const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\n${head.join("")}\r\n`),
    Buffer.from(body ?? ""),
  ]);
}

export interface OpenCall {
  socket: Socket;
  /** Resolves when the server has closed the connection. */
  answer: Promise<Answer & { code: string | undefined }>;
}

/** @param url of a server */
export function openCall(url: string, bytes: string | Uint8Array): OpenCall {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  let received = "";
  const answer = new Promise<Answer & { code: string | undefined }>((resolve, reject) => {
    socket.setEncoding("utf8");
    socket.on("data", (text) => (received += String(text)));
    // Whoever is refused while they still send may be hung up on.
    socket.on("error", (error) => received === "" && reject(error));
    socket.on("close", () => resolve(answerIn(received)));
  });
  socket.write(bytes);
  return { socket, answer };
}

export const sendRaw = (url: string, bytes: string | Uint8Array) => openCall(url, bytes).answer;

function answerIn(received: string): Answer & { code: string | undefined } {
  const [head = "", body = ""] = received.split("\r\n\r\n");
  const [line = "", ...lines] = head.split("\r\n");
  const headers = Object.fromEntries(
    lines.map((text) => {
      const colon = text.indexOf(":");
      return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()];
    }),
  );
  const isJson = String(headers["content-type"]).startsWith("application/json");
  const parsed: unknown = isJson ? JSON.parse(body) : body;
  const { error } = (isJson ? parsed : {}) as { error?: { code: string } };
  return { status: Number(line.split(" ")[1]), headers, body: parsed, code: error?.code };
}

/** As a program of ours calls, with a proof, but for what `call` says otherwise. */
export async function sendSigned(
  troop: TestCoordinator,
  signer: Signer,
  [method, path]: readonly [string, string],
  call: Call = {},
) {
  const dpop = await troop.proof(signer, method, path, call.body);
  return sendRaw(
    troop.coordinator.url,
    bytesOf(method, path, { ...call, headers: { dpop, ...call.headers } }),
  );
}

const moneyTables = ["account", "hold", "statement", "request", "transfer", "starter_draw"];

/** All that is in the books, in one word: two that are equal say that nothing was changed. */
export async function booksAt(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const rows = moneyTables.map((name) => `select '${name}' || t::text as row from ${name} t`);
    const { rows: found } = await client.query<{ all: string }>(
      `select md5(string_agg(row, ',' order by row)) as all from (${rows.join(" union all ")}) t`,
    );
    return found[0]!.all;
  } finally {
    await client.end();
  }
}
