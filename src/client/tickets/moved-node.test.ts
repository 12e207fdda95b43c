/** A ticket says where its node is. A node that has moved is found again under the same ticket: another would hold credits. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { createCoordinatorTime } from "../../host/coordinator-time.ts";
import { createLog } from "../../host/log.ts";
import type { Peer } from "../../protocol/node.ts";
import { startTestNetwork, type TestNetwork } from "../fixtures/sidecar.fixture.ts";
import { ticket } from "../fixtures/ticket.fixture.ts";
import type { Ticket } from "./ticket.ts";
import { createTickets } from "./tickets.ts";

const question = { model: "toy:1b", messages: [{ role: "user" as const, content: "Hello?" }] };
const ask = ({ openai }: TestNetwork) =>
  openai.chat.completions.create(question, { maxRetries: 0 }).then(
    () => "answered",
    (error: { code?: string }) => error.code,
  );

/** Nobody answers there. */
const nowhere = ["127.0.0.1:1"];

test("a node that nobody reaches is looked for once its ticket is a second old, and nothing more is held", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock);
  const { nodes, authorized, holds } = network.coordinator;
  const present = nodes[0]!;
  nodes[0] = { ...present, addresses: nowhere };
  expect(await ask(network)).toBe("node_unreachable");
  nodes[0] = present;
  // What was said a moment ago need not be asked for again.
  expect(await ask(network)).toBe("node_unreachable");
  expect(authorized).toHaveLength(1);

  await clock.advance(1_000);
  expect(await ask(network)).toBe("node_unreachable");
  expect(await ask(network)).toBe("answered");
  expect(authorized).toHaveLength(2);
  expect(holds).toHaveLength(1);
});

test("a node that is away for three minutes is looked for ever less often, under one ticket", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock);
  const { nodes, authorized, holds } = network.coordinator;
  nodes[0] = { ...nodes[0]!, addresses: nowhere };
  for (let second = 0; second < 180; second += 1) {
    await ask(network);
    await clock.advance(1_000);
  }
  expect(authorized.length).toBeGreaterThan(8);
  expect(authorized.length).toBeLessThan(16);
  expect(holds).toHaveLength(1);
});

test("who says that the ticket is for another node is not believed", async () => {
  const clock = createFakeClock();
  await using network = await startTestNetwork(clock);
  const { nodes } = network.coordinator;
  const present = nodes[0]!;
  nodes[0] = { ...present, addresses: nowhere };
  network.coordinator.again = () => ({ ...present, node_id: "x".repeat(43) });
  await ask(network);
  await clock.advance(1_000);
  await ask(network);
  expect(await ask(network)).toBe("node_unreachable");
  expect(network.sidecar.status().tickets).toMatchObject([{ node: present.node_id }]);
});

test("a ticket that is discarded while its node is looked for serves nobody", async () => {
  const clock = createFakeClock();
  const node = { node_id: "n" } as Peer;
  const found = Promise.withResolvers<Peer>();
  const given: Ticket[] = [];
  using tickets = createTickets({
    ...{ clock, time: createCoordinatorTime(clock), log: createLog("silent") },
    authorize: {
      async ticket() {
        given.push(ticket({ node, expiresAt: clock.now() + 300_000 }));
        return given.at(-1)!;
      },
      locate: () => found.promise,
    },
  });
  const wish = { model: "m", node: "n", exclude: new Set<string>() };
  const { signal } = new AbortController();
  const first = await tickets.use(wish, signal);
  await clock.advance(1_000);
  tickets.unreachable(first.ticket);
  const waiting = tickets.use(wish, signal);
  tickets.discard(first.ticket);
  found.resolve(node);
  expect((await waiting).ticket).toBe(given[1]);
});
