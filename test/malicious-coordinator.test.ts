/**
 * A coordinator that wants to read along. It hands out tickets, lists, addresses and statements of its own making;
 * the client finds out before anything leaves it that could be read, and says what is wrong by one code each.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { createPinsStore } from "../src/client/sealing/pins-store.ts";
import { openLocalDatabase } from "../src/host/local-database.ts";
import type { AuthorizeAnswer } from "../src/protocol/endpoints.ts";
import { makeSealingKey } from "../src/protocol/key-statement.fixture.ts";
import { createKeyStatement } from "../src/protocol/key-statement.ts";
import { newKeyLife } from "../src/protocol/key-statement-rotation.ts";
import { toBase64url } from "../src/protocol/bytes.ts";
import type { Signer } from "../src/protocol/signature.ts";
import { createStatement } from "../src/protocol/statement.ts";
import { makeSigner, type Network, type NetworkOptions, startNetwork } from "./network.ts";
import { type MaliciousCoordinator, startBetween } from "./support/privacy/between.ts";
import { type Impostor, noise, otherKey, startImpostor } from "./support/privacy/impostor.ts";
import { findMarks, newMark } from "./support/privacy/marks.ts";
import { startRecorder } from "./support/privacy/recorder.ts";

const [evil, thief] = await Promise.all([makeSigner(), makeSigner()]);
const hour = 3_600_000;

interface Scene {
  network: Network;
  between: MaliciousCoordinator;
  impostor: Impostor;
}

/** What the coordinator does, once the network runs. */
type Malice = (scene: Scene) => void | Promise<void>;

const setNode = (answer: AuthorizeAnswer, change: Partial<AuthorizeAnswer["node"]>) => ({
  ...answer,
  node: { ...answer.node, ...change },
});

/** Instead of the node's statement, one that `make` makes; `ago` says when, in ms. */
const stating =
  (node: (scene: Scene) => Signer, owner: (scene: Scene) => Signer, ago = 0): Malice =>
  async (scene) => {
    const { between, network } = scene;
    const key = makeSealingKey(node(scene), owner(scene));
    const statement = await key.statement(between.url, network.clock.now() - ago);
    between.alter = (answer) => setNode(answer, { key_statement: statement });
  };

const theNode = ({ network }: Scene) => network.node;
const theProvider = ({ network }: Scene) => network.provider;

/** Another machine answers at the node's address. */
const elsewhere =
  (answer: (scene: Scene) => Impostor["answer"] | Promise<Impostor["answer"]>): Malice =>
  async (scene) => {
    scene.impostor.answer = await answer(scene);
    const { address } = scene.impostor.recorder;
    scene.between.alter = (ticket) => setNode(ticket, { addresses: [address] });
  };

const stated = (signer: Signer, owner: (scene: Scene) => Signer, ago: number) => (scene: Scene) =>
  makeSealingKey(signer, owner(scene)).statement(
    scene.between.url,
    scene.network.clock.now() - ago,
  );

/** The sidecar's own memory, as `troop nodes` opens it while it runs. */
function withPins(
  { network }: Scene,
  use: (pins: ReturnType<typeof createPinsStore>) => void,
): void {
  using database = openLocalDatabase(join(network.folder, "client"), "client.sqlite");
  use(createPinsStore(database));
}

const swapKeyInside: Malice = ({ between }) => {
  between.alter = (answer) => {
    const [head, body, signature] = answer.node.key_statement!.split(".");
    const claims = JSON.parse(Buffer.from(body!, "base64url").toString()) as object;
    const { publicKey } = makeKey();
    const swapped = toBase64url(Buffer.from(JSON.stringify({ ...claims, hpke_public: publicKey })));
    return setNode(answer, { key_statement: [head, swapped, signature].join(".") });
  };
};

const makeKey = () => {
  const [[kid, { publicKey }] = ["", { publicKey: "" }]] = makeSealingKey(evil!).keys;
  return { kid, publicKey };
};

/** The node takes part: its own statement holds another node's enrolment. */
const anothersEnrolment: Malice = async ({ between, network }) => {
  const { clock, node, provider } = network;
  const now = clock.now();
  const body = { node: evil!.id, owner: provider.id };
  const enrolment = await createStatement(provider, "troop-enrolment+jwt", between.url, now, body);
  const key = { ...makeKey(), boot: "A".repeat(22), ...newKeyLife(now) };
  const statement = await createKeyStatement({ node, audience: between.url, now, key, enrolment });
  between.alter = (answer) => setNode(answer, { key_statement: statement });
};

const alterTicket: Malice = ({ between }) => {
  between.alter = (answer) => {
    const [head, body, signature] = answer.ticket.split(".");
    const claims = JSON.parse(Buffer.from(body!, "base64url").toString()) as object;
    const altered = toBase64url(Buffer.from(JSON.stringify({ ...claims, budget: "9.000000" })));
    return { ...answer, ticket: [head, altered, signature].join(".") };
  };
};

const anotherNode: Malice = async ({ between, network }) => {
  const statement = await makeSealingKey(evil!).statement(between.url, network.clock.now());
  between.alter = (answer) => setNode(answer, { node_id: evil!.id, key_statement: statement });
};

const cases: [name: string, malice: Malice, code: string, options?: NetworkOptions][] = [
  ["a sealing key swapped inside the statement", swapKeyInside, "key_statement_invalid"],
  [
    "no statement at all",
    ({ between }) => {
      between.alter = ({ node: { key_statement: _none, ...node }, ...rest }) => ({ ...rest, node });
    },
    "key_statement_invalid",
  ],
  [
    "a sealing key of its own, signed by itself",
    stating(
      () => evil!,
      () => evil!,
    ),
    "wrong_node",
  ],
  ["another node's genuine statement", stating(() => evil!, theProvider), "wrong_node"],
  ["another node's enrolment", anothersEnrolment, "invalid_enrolment"],
  [
    "a statement that has expired",
    stating(theNode, theProvider, 8 * 24 * hour),
    "key_statement_expired",
  ],
  [
    "a genuine statement, older than the one that was seen",
    async (scene) => {
      const { clock, node, provider } = scene.network;
      const key = { ...makeKey(), boot: "", ...newKeyLife(clock.now()) };
      const newer = { ...key, node: node.id, owner: provider.id };
      withPins(scene, (pins) => void pins.remember(newer, clock.now()));
      await stating(theNode, theProvider, hour)(scene);
    },
    "key_statement_expired",
  ],
  [
    "an enrolment by another owner than the one remembered",
    async (scene) => {
      withPins(scene, (pins) => pins.accept(scene.network.node.id, scene.network.provider.id, 0));
      await stating(theNode, () => thief!)(scene);
    },
    "node_key_changed",
  ],
  ["an altered ticket", alterTicket, "invalid_ticket"],
  ["a ticket for another node than was asked for", anotherNode, "invalid_ticket"],
  [
    "a list that calls a node an allowed owner's",
    ({ between }) => {
      between.alterPeer = (peer) => ({ ...peer, owner: thief!.id });
    },
    "node_not_allowed",
    { client: { policy: { onlyNodes: [], onlyOwners: [thief!.id] } } },
  ],
  ["another machine's address", elsewhere(() => noise), "stream_truncated"],
  [
    "another machine, which states a key of its own",
    elsewhere(async (scene) => otherKey(await stated(evil!, () => evil!, 0)(scene))),
    "wrong_node",
  ],
  [
    "another machine, which states a key that was the node's",
    elsewhere(async (scene) =>
      otherKey(await stated(scene.network.node, theProvider, hour)(scene)),
    ),
    "key_statement_expired",
  ],
];

test.each(cases)("%s: nothing readable leaves the client", async (_name, malice, code, options) => {
  await using between = await startBetween();
  await using impostor = await startImpostor();
  await using network = await startNetwork({ ...options, between });
  await using worker = await startRecorder(() => new URL(network.worker.url).host);
  between.alter = (answer) => setNode(answer, { addresses: [worker.address] });
  await malice({ between, impostor, network });

  const mark = newMark();
  const { status, text } = await ask(network, mark);
  expect(status).toBeGreaterThanOrEqual(400);
  expect(JSON.parse(text)).toMatchObject({ error: { code } });
  expect(network.engine.requests.all).toEqual([]);
  const places = {
    coordinator: between.recorder.captured(),
    impostor: impostor.recorder.captured(),
    worker: worker.captured(),
    error: [Buffer.from(text)],
  };
  expect(Buffer.concat(places.coordinator).length).toBeGreaterThan(1_000);
  expect(findMarks([mark], places)).toEqual([]);
});

test("with nothing altered the answer comes, and the engine alone has read the question", async () => {
  await using between = await startBetween();
  await using network = await startNetwork({ between });
  await using worker = await startRecorder(() => new URL(network.worker.url).host);
  between.alter = (answer) => setNode(answer, { addresses: [worker.address] });
  const mark = newMark();
  expect(await ask(network, mark)).toMatchObject({ status: 200 });
  const asked = network.engine.requests.all.map(({ body }) => Buffer.from(JSON.stringify(body)));
  expect(findMarks([mark], { engine: asked })).not.toEqual([]);
  expect(Buffer.concat(worker.captured()).length).toBeGreaterThan(1_000);
  expect(findMarks([mark], { worker: worker.captured() })).toEqual([]);
});

async function ask({ sidecar }: Network, content: string) {
  const response = await fetch(`${sidecar.url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "test-model", messages: [{ role: "user", content }] }),
  });
  return { status: response.status, text: await response.text() };
}
