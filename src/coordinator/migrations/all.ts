/** All migrations in order. Named one by one, so that they are found in the published package too. */
import type { Migration } from "kysely/migration";
import { accounts } from "./0001-accounts.ts";
import { books } from "./0002-books.ts";
import { service } from "./0003-service.ts";
import { disputes } from "./0004-disputes.ts";
import { tariff } from "./0005-tariff.ts";
import { joining } from "./0006-joining.ts";
import { hmacReceipts } from "./0007-hmac-receipts.ts";
import { stuckJobs } from "./0008-stuck-jobs.ts";
import { latestFirst } from "./0009-latest-first.ts";
import { hardware } from "./0010-hardware.ts";
import { reputation } from "./0011-reputation.ts";
import { auditLog } from "./0012-audit-log.ts";
import { memory } from "./0013-memory.ts";
import { administration } from "./0014-administration.ts";
import { scaleOut } from "./0015-scale-out.ts";
import { requestsByTime } from "./0016-requests-by-time.ts";
import { gpus } from "./0017-gpus.ts";
import { whoGranted } from "./0018-who-granted.ts";
import { noDeviceIndex } from "./0019-no-device-index.ts";

/** The numbers order them; one that was released is never edited. */
export const migrations: Record<string, Migration> = {
  "0001-accounts": accounts,
  "0002-books": books,
  "0003-service": service,
  "0004-disputes": disputes,
  "0005-tariff": tariff,
  "0006-joining": joining,
  "0007-hmac-receipts": hmacReceipts,
  "0008-stuck-jobs": stuckJobs,
  "0009-latest-first": latestFirst,
  "0010-hardware": hardware,
  "0011-reputation": reputation,
  "0012-audit-log": auditLog,
  "0013-memory": memory,
  "0014-administration": administration,
  "0015-scale-out": scaleOut,
  "0016-requests-by-time": requestsByTime,
  "0017-gpus": gpus,
  "0018-who-granted": whoGranted,
  "0019-no-device-index": noDeviceIndex,
};
