/** One of two coordinators is killed under load: `npm run faults -- --only replica`, twice. */
import { expect, test } from "vitest";
import { startDatabaseServer } from "./database-server.ts";
import { tryReplicas } from "./replica-victims.ts";

test("one of two coordinators dies under load: no settlement fails, nothing is lost or paid twice", async () => {
  await using server = await startDatabaseServer();
  const row = await tryReplicas("replica", "killed", 2, server);
  expect(row).toMatchObject({ rounds: 2, lost: 0, doubleCharges: 0, offences: [] });
  expect(row.converged).toBe(row.retried);
  expect(row.acknowledged).toBeGreaterThan(0);
}, 180_000);
