/**
 * Who of the operators may do what: no more than each needs. Pure.
 *
 * The administrator is no role that can be given: it is whoever has the machine, by its socket or by `ADMIN_PASSWORD`.
 */
import type { OperatorRole } from "../../protocol/admin.ts";

export type Role = OperatorRole | "administrator";

export interface Operator {
  name: string;
  role: Role;
}

/**
 * `read`: whatever is shown. `handle`: invitations, quarantine, cutting off, export. `grant`: credits. `own`: operators,
 * the key ring, and what can never be taken back.
 */
export type Need = "read" | "handle" | "grant" | "own";

const allowed: Readonly<Record<Role, readonly Need[]>> = {
  viewer: ["read"],
  operator: ["read", "handle"],
  treasurer: ["read", "grant"],
  administrator: ["read", "handle", "grant", "own"],
};

/** @param need undefined where a route does not say: then only the administrator may */
export const mayDo = ({ role }: Operator, need: Need = "own"): boolean =>
  allowed[role].includes(need);
