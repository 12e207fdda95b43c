/** What was asked today is counted for everybody, without reading every request that there ever was. */
import { migrationOf } from "./statements.ts";

export const requestsByTime = migrationOf(
  [`create index request_by_time on request (received_ms)`],
  [`drop index request_by_time`],
);
