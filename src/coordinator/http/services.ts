/** What every route is handed: the app it registers with, and what it calls. */
import type { FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Clock } from "../../base/clock.ts";
import type { SourceOf } from "../../host/client-address.ts";
import type { Relay } from "../../relay/relay.ts";
import type { AccountKeys } from "../accounts/account-keys.ts";
import type { AuditLog } from "../audit/audit-log.ts";
import type { Accounts } from "../accounts/accounts.ts";
import type { Nodes } from "../accounts/enrolment.ts";
import type { Joining } from "../accounts/joining.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { Prices } from "../ledger/prices.ts";
import type { Limiter } from "../limits/limiter.ts";
import type { Demand } from "../registry/demand.ts";
import type { Registry } from "../registry/registry.ts";
import type { Reputations } from "../reputation/reputations.ts";
import type { HmacReceiver } from "../tickets/hmac-keys.ts";
import type { Issuer } from "../tickets/issue.ts";
import type { KeyRing } from "../tickets/key-ring.ts";
import type { Observer } from "../observe/observer.ts";
import type { OperatorDesk } from "../operator/desk.ts";
import type { Redeemer } from "../tickets/redeem.ts";
import type { Verification } from "../verification/verification.ts";
import type { Callers } from "./callers.ts";

/** Fastify that takes its types from zod schemas. */
export type App = ReturnType<typeof withZod>;
export const withZod = (app: FastifyInstance) => app.withTypeProvider<ZodTypeProvider>();

/** What the routes call. */
export interface Services {
  clock: Clock;
  accounts: Accounts;
  auditLog: AuditLog;
  /** Undefined where operators are not listened to. */
  desk: OperatorDesk | undefined;
  accountKeys: AccountKeys;
  joining: Joining;
  nodes: Nodes;
  ledger: Ledger;
  prices: Prices;
  registry: Registry;
  demand: Demand;
  reputations: Pick<Reputations, "read">;
  issuer: Issuer;
  redeemer: Redeemer;
  hmacReceiver: HmacReceiver;
  observer: Observer;
  keyRing: KeyRing;
  verification: Verification;
  callers: Callers;
  limiter: Limiter;
  sourceOf: SourceOf;
  /** Undefined where this coordinator relays nothing. */
  relay?: Relay | undefined;
  heartbeatMs: number;
  isStopping: () => boolean;
  startedAt: number;
}
