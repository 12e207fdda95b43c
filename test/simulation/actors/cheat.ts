/**
 * A requester with an account and no honour. It gets tickets as everybody does, and then speaks to workers by itself:
 * numbers twice, secrets that are none, a ticket at a node it was not meant for, more at once than it can pay for. All
 * of it is properly sealed; whoever only listens (`thief.ts`) cannot do any of this.
 */
import { createAuthorize } from "../../../src/client/tickets/authorize.ts";
import { callHeaders, headFrame } from "../../../src/client/call/sealed-call.ts";
import { createSealings } from "../../../src/client/sealing/sealings.ts";
import type { PinsStore } from "../../../src/client/sealing/pins-store.ts";
import type { Ticket } from "../../../src/client/tickets/ticket.ts";
import { createCoordinatorClient } from "../../../src/host/coordinator-client.ts";
import { limits } from "../../../src/protocol/limits.ts";
import { createSealingSession } from "../../../src/protocol/sealed-stream-session.ts";
import type { RevealedSecret } from "../../../src/protocol/secrets.ts";
import type { Signer } from "../../../src/protocol/signature.ts";
import { createTransport } from "../world/calls.ts";
import { createMachine, type Process } from "../world/machine.ts";
import type { Wire } from "../world/wire.ts";
import { coordinatorUrl, type World } from "../world/world.ts";
import type { CoordinatorActor } from "./coordinator.ts";

export interface CheatParts {
  world: World;
  wire: Wire;
  coordinator: CoordinatorActor;
  account: Signer;
  models: readonly string[];
}

/** Its tickets are worth a few answers. */
const budget = 20_000n;
const actsEveryMs = 5_000;
const atOnce = 6;
const ticketsKept = 6;
const messages = [{ role: "user", content: "more" }];

const nothingRemembered: PinsStore = {
  find: () => undefined,
  all: () => [],
  remember: () => true,
  accept: () => undefined,
  forget: () => false,
};

export function startCheat({ world, wire, coordinator, account, models }: CheatParts): void {
  const { scheduler, faults, keys, truth } = world;
  const random = world.random.fork("cheat");
  const tickets: Ticket[] = [];

  /** @param at whose key it is sealed to, and who gets it */
  function send(ticket: Ticket, at: Ticket, secret: RevealedSecret): void {
    faults.count("request_forged");
    const { node, boot, kid, publicKey } = at.sealing.key;
    const binding = { ticket: ticket.token, node, boot, key: { kid, publicKey }, random };
    const exchange = createSealingSession(binding).seal(secret.k);
    const body = Buffer.from(JSON.stringify({ model: ticket.model, messages }));
    wire.replay({
      port: Number(at.node.addresses[0]?.split(":")[1]),
      headers: callHeaders(ticket.token, exchange),
      body: Buffer.concat([
        exchange.request.seal(headFrame("/v1/chat/completions", secret)),
        exchange.request.seal({ type: "body", bytes: body }, true),
      ]),
    });
  }

  function reveal(ticket: Ticket, k: number): RevealedSecret {
    truth.reveal(ticket.token, k);
    return ticket.secrets.reveal(k);
  }

  function next(ticket: Ticket): number {
    ticket.lastNumber = (ticket.lastNumber % limits.secretsPerTicket) + 1;
    return ticket.lastNumber;
  }

  const tricks: ((ticket: Ticket) => void)[] = [
    // More at once than the budget allows.
    (ticket) => {
      for (let count = 0; count < atOnce; count += 1)
        send(ticket, ticket, reveal(ticket, next(ticket)));
    },
    // A number that it has used before, perhaps before the worker was started anew: sealed to the key that it has now.
    (ticket) => {
      if (ticket.lastNumber === 0) next(ticket);
      const latest = tickets.findLast(({ node }) => node.node_id === ticket.node.node_id);
      send(ticket, latest ?? ticket, reveal(ticket, random.between(1, ticket.lastNumber)));
    },
    // A secret that is none, of a number that was never revealed.
    (ticket) => {
      const k = next(ticket);
      const x = Buffer.from(random.bytes(limits.secretBytes)).toString("base64url");
      send(ticket, ticket, { ...ticket.secrets.reveal(k), x });
    },
    // At a node that the ticket is not for.
    (ticket) => send(ticket, random.pick(tickets), reveal(ticket, next(ticket))),
  ];

  function start(process: Process): void {
    const { clock } = process;
    const transport = createTransport(world, process, coordinator.machine, coordinator.handle);
    const calls = createCoordinatorClient({ url: coordinatorUrl, clock, random, transport });
    const authorize = createAuthorize({
      ...{ coordinator: calls, account, clock, random, maxBudget: budget },
      sealings: createSealings({
        ...{ verifier: keys.verifier, pins: nothingRemembered, random, audience: coordinatorUrl },
        policy: { onlyNodes: [], onlyOwners: [] },
        now: () => calls.time.now(),
      }),
    });
    const buy = () => {
      const wish = { model: random.pick(models), exclude: new Set<string>() };
      authorize.ticket(wish, scheduler.over).then(
        (ticket) => {
          tickets.push(ticket);
          if (tickets.length > ticketsKept) tickets.shift();
        },
        () => undefined,
      );
    };
    const act = () => {
      if (faults.areOver) return;
      if (tickets.length === 0 || random.chance(0.2)) buy();
      else random.pick(tricks)(random.pick(tickets));
      clock.timer(-Math.log(1 - random.fraction()) * actsEveryMs, act);
    };
    clock.timer(actsEveryMs, act);
  }

  const onKilled = () => {};
  createMachine({ name: "cheat", scheduler, random, skewMs: 0, start, onKilled }).boot();
}
