/** The operators beside the administrator: added, given another role or password, removed. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { AdminOperator, OperatorRole } from "../../protocol/admin.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import type { Database } from "../database.ts";
import {
  deleteOperator,
  findOperators,
  insertOperator,
  type StoredOperator,
  updateOperator,
} from "./operator-store.ts";
import { hashPassword, makePassword } from "./password.ts";

export interface OperatorsOptions {
  database: Database;
  clock: Pick<Clock, "now">;
  random: Random;
  /** The administrator's name, which nobody else may have. */
  administrator: string;
}

/** With the password, which is shown this once. */
export type MadeOperator = AdminOperator & { password: string };
const shown = ({ name, role, createdAt, createdBy }: StoredOperator): AdminOperator => ({
  ...{ name, role, created_at: createdAt, created_by: createdBy },
});

export function createOperators({ database, clock, random, administrator }: OperatorsOptions) {
  /** @throws TroopError `operator_unknown` */
  const known = (found: StoredOperator | undefined): AdminOperator => {
    if (!found) throw new TroopError("operator_unknown");
    return shown(found);
  };

  return {
    async list(): Promise<AdminOperator[]> {
      const first = { name: administrator, role: "administrator", created_at: null } as const;
      return [{ ...first, created_by: null }, ...(await findOperators(database)).map(shown)];
    },

    /** @throws TroopError `operator_exists`, `invalid_value` where there are as many as there may be */
    async add(name: string, role: OperatorRole, createdBy: string): Promise<MadeOperator> {
      if (name === administrator) throw new TroopError("operator_exists");
      const password = makePassword(random);
      const hash = await hashPassword(password, random);
      const made = { name, role, password: hash, createdAt: clock.now(), createdBy };
      const outcome = await insertOperator(database, made, limits.operators);
      if (outcome === "taken") throw new TroopError("operator_exists");
      if (outcome === "full")
        throw new TroopError("invalid_value", `There are ${limits.operators} operators already.`);
      return { ...shown(made), password };
    },

    changeRole: async (name: string, role: OperatorRole): Promise<AdminOperator> =>
      known(await updateOperator(database, name, { role })),

    /** The one before opens nothing any more. */
    async changePassword(name: string): Promise<MadeOperator> {
      const password = makePassword(random);
      const hash = await hashPassword(password, random);
      return { ...known(await updateOperator(database, name, { password: hash })), password };
    },

    async remove(name: string): Promise<void> {
      if (!(await deleteOperator(database, name))) throw new TroopError("operator_unknown");
    },
  };
}
