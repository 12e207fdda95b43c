/** Every driver keeps the contract of engines, against recorded answers of several versions and the scripted engine. */
import { systemClock as clock } from "../../base/clock.ts";
import { startFakeEngine } from "../../../test/support/fake-engine/fake-engine.ts";
import { engineContract } from "./engine.contract.ts";
import type { EngineKind } from "./engine-kind.ts";
import { llamaServer } from "./llama-server.ts";
import { lmStudio } from "./lm-studio.ts";
import { ollama } from "./ollama.ts";
import { openAiCompatible } from "./openai-compatible.ts";
import {
  llamaServerRecording,
  llamaServerRouter,
  llamaServerSparse,
} from "./recorded-llama-server.ts";
import {
  lmStudioOldest,
  lmStudioRecording,
  lmStudioSparse,
  lmStudioZeroth,
} from "./recorded-lm-studio.ts";
import { ollamaRecording, ollamaSparse } from "./recorded-ollama.ts";
import { type Recording, serveRecorded } from "./recorded-server.ts";
import { sglangRecording, sglangSparse } from "./recorded-sglang.ts";
import { vllmRecording, vllmSparse } from "./recorded-vllm.ts";
import { sglang } from "./sglang.ts";
import { vllm } from "./vllm.ts";

const recordings: [EngineKind, ...Recording[]][] = [
  [ollama, ollamaRecording, ollamaSparse],
  [vllm, vllmRecording, vllmSparse],
  [lmStudio, lmStudioRecording, lmStudioZeroth, lmStudioSparse, lmStudioOldest],
  [llamaServer, llamaServerRecording, llamaServerSparse, llamaServerRouter],
  [sglang, sglangRecording, sglangSparse],
  // To a driver that knows nothing of it, any of them is some server.
  [openAiCompatible, vllmRecording, vllmSparse, llamaServerRecording, lmStudioRecording],
];

for (const [kind, ...versions] of recordings) {
  for (const recording of versions) {
    engineContract(`${kind.type} (${recording.document})`, async () => {
      const { origin, stop } = await serveRecorded(recording);
      return { engine: kind.create({ origin, clock }), stop };
    });
  }
  engineContract(`${kind.type} (scripted)`, async () => {
    const fake = await startFakeEngine({ type: kind.type, models: ["test-model"] });
    let isStopped = false;
    return {
      engine: kind.create({ origin: fake.origin, clock }),
      async stop() {
        if (!isStopped) await fake[Symbol.asyncDispose]();
        isStopped = true;
      },
    };
  });
}
