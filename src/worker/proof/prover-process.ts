/**
 * The process that proves: it computes one task at a time and shows the rows that are asked for. A process of its
 * own, because a GPU's driver may crash, a computation cannot be interrupted, and the worker must go on serving its
 * doors. It takes its orders over IPC and lives no longer than that channel.
 */
import { systemClock } from "../../base/clock.ts";
import { fromBase64url, toBase64url } from "../../protocol/bytes.ts";
import { commitmentOf } from "../../protocol/hardware-proof/commitment.ts";
import { type CommittedChain, commitChain } from "./commit-chain.ts";
import type { ProverQuestion, ProverReply } from "./messages.ts";
import type { ChainProver } from "./prover.ts";
import { loadProver } from "./provers.ts";

const never = new AbortController().signal;
let prover: ChainProver | undefined;
let committed: CommittedChain | undefined;

async function answerTo(question: ProverQuestion): Promise<ProverReply> {
  switch (question.kind) {
    case "start": {
      const loaded = await loadProver(question.choice, systemClock);
      prover = loaded.prover;
      return { kind: "started", device: loaded.device };
    }
    case "commit": {
      const task = { ...question.task, seed: fromBase64url(question.task.seed)! };
      committed = await commitChain(prover!, task, never);
      const root = commitmentOf(question.binding, task, committed.layerRoots);
      return { kind: "committed", root: toBase64url(root) };
    }
    case "open":
      return { kind: "opened", opening: await committed!.open(question.rows, never) };
    default:
      return question satisfies never;
  }
}

async function answer(question: ProverQuestion): Promise<void> {
  const reply = await answerTo(question).catch((error: unknown): ProverReply => {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  });
  process.send!(reply);
}

process.on("message", (question) => void answer(question as ProverQuestion));
process.once("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the worker lets go of us when it is done.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
if (!process.send) process.exit(2);
