/** A coordinator to be called, with people and machines that it knows, and one that it does not. */
import { type Clock, systemClock } from "../../src/base/clock.ts";
import { systemRandom } from "../../src/base/random.ts";
import {
  beatOf,
  makeSigner,
  openCoordinator,
  type TestCoordinator,
} from "../../src/coordinator/coordinator.fixture.ts";
import type { CoordinatorConfig } from "../../src/coordinator/config.ts";
import { limits } from "../../src/protocol/limits.ts";
import { someHashes } from "../../src/protocol/receipt.fixture.ts";
import { createSecretTree } from "../../src/protocol/secrets.ts";
import type { Signer } from "../../src/protocol/signature.ts";
import type { ApiDocument, CallerName } from "./cases.ts";
import type { Word } from "./schema-values.ts";

export interface Ground extends AsyncDisposable {
  troop: TestCoordinator;
  people: Readonly<Record<CallerName, Signer>>;
  words: readonly Word[];
  document: ApiDocument;
}

const model = "a-model:1b";
/** Time as it is: what is slow here is to be seen. */
const clock = { ...systemClock, advance: () => undefined };
export const fuzzSettings = {
  trustedProxies: ["127.0.0.1"],
  hmacSecret: "for fuzzing and no more",
};

export async function openGround(settings: Partial<CoordinatorConfig>): Promise<Ground> {
  await using resources = new AsyncDisposableStack();
  const troop = resources.use(await openCoordinator({ ...fuzzSettings, ...settings }, clock));
  const [user, owner, stranger] = [await makeSigner(), await makeSigner(), await makeSigner()];
  const node = await troop.serve(owner);
  resources.use(keepOneBeating(troop, await troop.serve(owner), clock));
  const tree = createSecretTree(systemRandom.bytes(32));
  const wish = { id: systemRandom.uuid(), model, anchor: tree.anchor, node: node.id };
  const { hold } = (await troop.call(user, "POST", "/authorize", wish)).body;
  const lineOf = (k: number, cost = "0.001000", billedMs = 1_000) => ({
    ...tree.reveal(k),
    ...{ started: 1, ended: 2, billed_ms: billedMs, first_token_ms: null },
    ...{ prompt_tokens: 100_000, completion_tokens: 100_000, estimated: false },
    ...{ finish: "stop", cost, ...someHashes },
  });
  const receiptOf = (of: string, ...lines: object[]) =>
    troop.statement(node, "troop-receipt+jwt", { hold: of, lines });
  const receipt = (...lines: object[]) => receiptOf(hold, ...lines);
  const newcomer = await makeSigner();
  const spoken = {
    ...{ user: user.id, owner: owner.id, node: node.id, stranger: stranger.id },
    ...{ hold, wish: wish.id, model, anchor: tree.anchor, credits: "1.000000" },
    key: JSON.stringify(user.jwk),
    secret: tree.reveal(1).x,
    receipt: await receipt(lineOf(1)),
    conflicting: await receipt(lineOf(1, "0.002000")),
    unproven: await receipt({ ...lineOf(2), k: 3 }),
    dear: await receipt(lineOf(4, "50.000000", 1_000_000), lineOf(5)),
    lost: await receiptOf(systemRandom.uuid(), lineOf(1)),
    link: await troop.statement(owner, "troop-link+jwt", { account: user.id }),
    close: await troop.statement(node, "troop-close+jwt", { hold, numbers: [2] }),
    enrolment: await troop.statement(owner, "troop-enrolment+jwt", {
      ...{ node: node.id, owner: owner.id },
    }),
    foreign: await troop.statement(owner, "troop-enrolment+jwt", {
      ...{ node: newcomer.id, owner: owner.id },
    }),
  };
  const words = Object.entries(spoken).map(([name, value]) => ({ token: `@@${name}@@`, value }));
  const { body: document } = await troop.call(undefined, "GET", "/openapi.json");
  const owned = resources.move();
  return {
    ...{ troop, words, document, people: { user, owner, node, stranger } },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A node that nobody else speaks for is there all the while. */
function keepOneBeating(troop: TestCoordinator, node: Signer, time: Clock): Disposable {
  let counter = 1;
  let timer = time.timer(limits.heartbeatMs, beat);
  function beat() {
    counter += 1;
    void troop.call(node, "POST", "/heartbeat", beatOf({ counter }));
    timer = time.timer(limits.heartbeatMs, beat);
  }
  return { [Symbol.dispose]: () => timer.cancel() };
}
