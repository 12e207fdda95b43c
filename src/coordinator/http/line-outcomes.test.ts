/** What becomes of statements, sent as bytes: one outcome for each of their lines, and what the books say after it. */
import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDatabase } from "../../../test/support/services.ts";
import { systemRandom } from "../../base/random.ts";
import { listen } from "../../host/listen.ts";
import { lineHash, type Line } from "../../protocol/receipt.ts";
import { someHashes } from "../../protocol/receipt.fixture.ts";
import { createSecretTree } from "../../protocol/secrets.ts";
import type { Signer } from "../../protocol/signature.ts";
import { makeSigner, openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import { booksAt, bytesOf, sendRaw, sendSigned } from "./raw-call.fixture.ts";

const services = new AsyncDisposableStack();
let troop: TestCoordinator;
let databaseUrl: string;
let user: Signer;
let node: Signer;
let hold: string;
const tree = createSecretTree(new Uint8Array(32));
const wish = () => ({ id: systemRandom.uuid(), model: "a-model:1b", anchor: tree.anchor });
/** Between the coordinator and its database: what is cut here is gone for it. */
const between = new Set<Socket>();
const gate = createServer((near) => {
  const { hostname, port } = new URL(databaseUrl);
  const far = connect(Number(port), hostname);
  for (const socket of [near, far]) {
    between.add(socket);
    socket.on("error", () => undefined).on("close", () => between.delete(socket));
  }
  near.pipe(far).pipe(near);
});

beforeAll(async () => {
  databaseUrl = services.use(await createDatabase()).url;
  const throughGate = new URL(databaseUrl);
  throughGate.port = String((await listen(gate as never, { host: "127.0.0.1", port: 0 })).port);
  troop = services.use(await openCoordinator({ databaseUrl: throughGate.href }));
  user = await makeSigner();
  node = await troop.serve(await makeSigner());
  hold = (await troop.call(user, "POST", "/authorize", wish())).body.hold;
});
afterAll(() => services.disposeAsync());

const lineOf = (k: number, fields: Partial<Line> = {}): Line => ({
  ...tree.reveal(k),
  ...{ started: 1, ended: 2, billed_ms: 1_000, first_token_ms: null },
  ...{ prompt_tokens: 100_000, completion_tokens: 100_000, estimated: false },
  ...{ finish: "stop" as const, cost: "0.050000", ...someHashes, ...fields },
});
const receipt = (lines: Line[], of = hold) =>
  troop.statement(node, "troop-receipt+jwt", { hold: of, lines });
const word = (line: Line, verdict: "ok" | "not_ok" = "ok") =>
  troop.statement(user, "troop-acknowledgement+jwt", {
    hold,
    lines: [
      {
        ...{ k: line.k, verdict, line_hash: lineHash(line), billed_ms: line.billed_ms },
        ...{ prompt_tokens: line.prompt_tokens, completion_tokens: line.completion_tokens },
      },
    ],
  });
async function send(path: string, statement: string) {
  const body = JSON.stringify({ statements: [statement] });
  const answer = await sendRaw(troop.coordinator.url, bytesOf("POST", path, { body }));
  expect(answer.status).toBe(200);
  const [outcome] = answer.body.outcomes;
  return outcome.code ?? [outcome.lines[0]?.outcome, outcome.lines[0]?.paid];
}

test("a line vests, is settled by the other side's word, and whatever comes after changes nothing", async () => {
  const line = lineOf(1);
  expect(await send("/receipts", await receipt([line]))).toEqual(["vesting", "0.050000"]);
  expect(await send("/acknowledgements", await word(line))).toEqual(["settled", "0.050000"]);
  const settled = await booksAt(databaseUrl);
  expect(await send("/receipts", await receipt([lineOf(1, { billed_ms: 2_000 })]))).toEqual([
    ...["receipt_conflict", "0.050000"],
  ]);
  const proofOfTwo = { ...lineOf(2), k: 3 };
  expect(await send("/receipts", await receipt([proofOfTwo]))).toEqual([
    ...["request_unproven", "0.000000"],
  ]);
  expect(await send("/receipts", await receipt([lineOf(4)], systemRandom.uuid()))).toBe(
    "hold_not_found",
  );
  const signed = await receipt([lineOf(5)]);
  const forged = signed.replace(/[^.]+$/, "A".repeat(86));
  expect(await send("/receipts", forged)).toBe("invalid_signature");
  expect(await booksAt(databaseUrl)).toBe(settled);
});

test("a line beyond the budget is paid up to it, and one that the closing did not name is not", async () => {
  const dear = lineOf(6, { billed_ms: 400_000, cost: "20.000000" });
  expect(await send("/receipts", await receipt([dear]))).toEqual([
    ...["budget_exhausted", "14.950000"],
  ]);
  expect(await send("/receipts", await receipt([lineOf(7)]))).toEqual([
    ...["budget_exhausted", "0.000000"],
  ]);
  const { hold: second } = (await troop.call(user, "POST", "/authorize", wish())).body;
  const close = await troop.statement(node, "troop-close+jwt", { hold: second, numbers: [1] });
  await send("/receipts", await receipt([lineOf(1)], second));
  await send("/receipts", close);
  expect(await send("/receipts", await receipt([lineOf(2)], second))).toEqual([
    ...["unpaid", "0.000000"],
  ]);
  expect(await troop.coordinator.auditLedger()).toEqual([]);
});

test("while the books cannot be reached nothing is settled and nobody gets a ticket: 503, to be repeated", async () => {
  const before = await booksAt(databaseUrl);
  const closed = new Promise((resolve) => gate.close(resolve));
  for (const socket of between) socket.destroy();
  await closed;
  const body = JSON.stringify({ statements: [await receipt([lineOf(9)])] });
  const answers = [
    await sendRaw(troop.coordinator.url, bytesOf("POST", "/receipts", { body })),
    await sendSigned(troop, user, ["POST", "/authorize"], { body: JSON.stringify(wish()) }),
  ];
  for (const { status, code, headers } of answers)
    expect([status, code, headers["retry-after"]]).toEqual([503, "ledger_unavailable", "5"]);
  expect(await booksAt(databaseUrl)).toBe(before);
});
