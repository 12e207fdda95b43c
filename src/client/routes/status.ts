/** `GET /status`: tickets, nodes, what waits to be acknowledged, and the balance where the coordinator tells it. */
import type { FastifyInstance } from "fastify";
import { TroopError } from "../../protocol/error-codes.ts";
import { readBalance, readStatus, type StatusParts } from "../status.ts";

export function statusRoute(app: FastifyInstance, parts: StatusParts): void {
  app.get("/status", async () => ({ ...readStatus(parts), ...(await balanceOf(parts)) }));
}

async function balanceOf(parts: StatusParts) {
  try {
    return { balance: await readBalance(parts), balance_error: null };
  } catch (error) {
    if (!(error instanceof TroopError)) throw error;
    return { balance: null, balance_error: error.code };
  }
}
