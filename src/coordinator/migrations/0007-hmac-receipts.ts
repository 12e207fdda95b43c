/** Receipts that a node vouches for with a shared key instead of its signature. */
import { migrationOf } from "./statements.ts";

export const hmacReceipts = migrationOf(
  [
    `alter table node add column hmac_receipts boolean not null default false`,
    `alter table request add column hmac boolean not null default false,
      add constraint request_hmac_has_receipt check (not hmac or receipt is not null)`,
  ],
  [`alter table request drop column hmac cascade`, `alter table node drop column hmac_receipts`],
);
