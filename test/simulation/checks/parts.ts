/** Answers that several nodes had a part in: who goes on with one says with whose, and each part is a request of its own. */
import type { ClientActor } from "../actors/client.ts";
import type { StoredRequest, Tables } from "../ledger/tables.ts";

export interface PartsParts {
  tables: Tables;
  clients: readonly ClientActor[];
  violate: (what: string) => void;
}

const nameOf = ({ hold, k }: StoredRequest) => `${hold}.${k}`;

export function checkParts({ tables, clients, violate }: PartsParts): void {
  const rows = [...tables.requests.values()].flatMap((ofHold) => [...ofHold.values()]);
  for (const { machine, account, isHonest, joined } of clients) {
    if (!isHonest) continue;
    const later = rows.filter(
      (row) => row.account === account.id && row.acknowledgement?.continues,
    );
    if (later.length < joined)
      violate(
        `${machine.name} got ${joined} answers from several nodes and said so of ${later.length}`,
      );
    for (const row of later) {
      const { continues, part } = row.acknowledgement!;
      const [hold, k] = continues!.split(".");
      const first = tables.holds.get(hold!);
      if (first?.account !== account.id || continues === nameOf(row) || Number(k) < 1)
        violate(
          `${nameOf(row)} goes on with ${continues}, which is no other request of its account`,
        );
      if (part === null || part < 2)
        violate(`${nameOf(row)} goes on with an answer, as part ${part}`);
    }
  }
}
