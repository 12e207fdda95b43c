/** `/admin/*`: what operators ask of a coordinator. Who may ask is decided by the scope that these are registered in. */
import type { OperatorDesk } from "../../../operator/desk.ts";
import type { App } from "../../services.ts";
import { auditRoutes } from "./audit.ts";
import { invitesRoutes } from "./invites.ts";
import { keysRoutes } from "./keys.ts";
import { ledgerRoutes } from "./ledger.ts";
import { nodesRoutes } from "./nodes.ts";
import { operatorsRoutes } from "./operators.ts";
import { personalRoutes } from "./personal.ts";
import { usersRoutes } from "./users.ts";

const routes = [
  usersRoutes, //      GET /admin/users, /admin/users/:id; POST …/revoke, …/restore
  personalRoutes, //   GET /admin/users/:id/export; POST /admin/users/:id/delete
  nodesRoutes, //      GET /admin/nodes, /admin/nodes/:id; POST …/quarantine, …/release, …/revoke, …/restore
  ledgerRoutes, //     GET /admin/ledger, /admin/ledger/audit; POST /admin/grants
  keysRoutes, //       GET /admin/keys; POST /admin/keys/rotate, /admin/account-keys/:id/revoke
  invitesRoutes, //    GET, POST /admin/invites
  operatorsRoutes, //  GET, POST /admin/operators; POST …/:name/role, …/:name/password; DELETE …/:name
  auditRoutes, //      GET /admin/audit, /admin/audit/verify
];

export function adminRoutes(app: App, { administration }: OperatorDesk): void {
  for (const route of routes) route(app, administration);
}
