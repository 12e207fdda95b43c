/** What operators can do and see: every verb of `/admin`, whether a coordinator runs or its database is opened alone. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { AuditReading } from "../audit/reading.ts";
import type { Database } from "../database.ts";
import type { Micro } from "../../protocol/credits.ts";
import { createTreasury } from "../ledger/treasury.ts";
import type { Registry } from "../registry/registry.ts";
import type { SharedKeyRing } from "../tickets/shared-ring.ts";
import { createOperators } from "../operator/operators.ts";
import { createCutOff, type Remembered } from "./cut-off.ts";
import { createPersonal } from "./personal.ts";

export interface AdministrationParts extends Remembered {
  database: Database;
  clock: Clock;
  random: Random;
  auditReading: AuditReading;
  /** The administrator's name. */
  administrator: string;
  /** Also what treasurers may grant within a day: as much as comes into being in one anyway. */
  faucetDaily: Micro;
  registry: Pick<Registry, "statusOf">;
  keyRing: Pick<SharedKeyRing, "rotate">;
}

export type Administration = ReturnType<typeof createAdministration>;

export function createAdministration(parts: AdministrationParts) {
  const { database, faucetDaily: dailyMost } = parts;
  const cutOff = createCutOff(parts);
  return {
    ...parts,
    cutOff,
    personal: createPersonal({ ...parts, forgettingOf: cutOff.forgettingOf }),
    treasury: createTreasury({ database, dailyMost }),
    operators: createOperators(parts),
  };
}
