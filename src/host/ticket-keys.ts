/** The coordinator's public keys for tickets, fetched when it says that they changed: never while a request waits. */
import { z } from "zod";
import type { JSONWebKeySet } from "jose";
import type { CoordinatorClient } from "./coordinator-client.ts";
import { type TicketKeys, ticketKeys } from "../protocol/ticket.ts";

const keySet = z.looseObject({
  keys: z.array(z.looseObject({ kty: z.string(), kid: z.string().optional() })).max(16),
});

/** @throws TroopError `coordinator_unreachable`, `timeout` */
export async function fetchTicketKeys(
  coordinator: CoordinatorClient,
  signal: AbortSignal,
): Promise<TicketKeys> {
  const path = "/.well-known/jwks.json";
  const answer = await coordinator.call({ method: "GET", path, answer: keySet, signal });
  return ticketKeys(answer as JSONWebKeySet);
}
