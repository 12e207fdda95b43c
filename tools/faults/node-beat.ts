/** The heartbeat of a node that is always free. */
import { systemRandom } from "../../src/base/random.ts";
import type { Heartbeat } from "../../src/protocol/node.ts";

export const model = "a-model:1b";

/** Beats, each time with everything: the coordinator may have forgotten it. */
export function nodeBeat<Answer>(send: (beat: Heartbeat) => Promise<Answer>) {
  const started = Date.now();
  const snapshotId = systemRandom.uuid();
  let counter = 0;
  return (): Promise<Answer> => {
    counter += 1;
    return send({
      ...{ started, counter, protocol: 1, status: "IDLE", slots: { active: 0, total: 8 } },
      ...{ running: [], snapshot_id: snapshotId },
      snapshot: {
        ...{ port: 8_080, hosts: [], engines: [], version: "1" },
        hardware: { platform: "linux", cpu: "c", cores: 1, memory_bytes: 1, gpus: [] },
        models: [{ name: model, size_bytes: 1e9, capabilities: ["chat"], loaded: true }],
      },
    });
  };
}
