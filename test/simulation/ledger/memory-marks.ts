/** The requests that marks are counted among, from the tables in memory. */
import type { MarkedRequest } from "../../../src/coordinator/ledger/marks.ts";
import type { Tables } from "./tables.ts";

export const latestRequests = (
  tables: Tables,
  account: string,
  side: "account" | "payee",
  most: number,
): MarkedRequest[] =>
  [...tables.requests.values()]
    .flatMap((ofHold) => [...ofHold.values()])
    .filter(
      (row) =>
        row[side] === account && row.account !== row.payee && row.receipt && !row.receipt.hmac,
    )
    .toSorted((left, right) => right.receivedAt - left.receivedAt)
    .slice(0, most)
    .map((row) => ({ other: side === "account" ? row.payee : row.account, row }));
