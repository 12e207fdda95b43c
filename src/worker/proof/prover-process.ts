/**
 * The process that proves: it computes one task at a time, or holds one dataset, and shows what is asked for. A process of its
 * own, because a GPU's driver may crash, a computation cannot be interrupted, and the worker must go on serving its
 * doors. It takes its orders over IPC and lives no longer than that channel.
 */
import { systemClock } from "../../base/clock.ts";
import { fromBase64url, toBase64url } from "../../protocol/bytes.ts";
import { commitmentOf } from "../../protocol/hardware-proof/commitment.ts";
import { type Dataset, memoryCommitmentOf } from "../../protocol/hardware-proof/memory.ts";
import { type CommittedChain, commitChain } from "./commit-chain.ts";
import type { CommittedMemory } from "./commit-memory.ts";
import { type HeldMemory, holdMemory } from "./held-memory.ts";
import type { Numbered, ProverQuestion, ProverReply } from "./messages.ts";
import { type LoadedProver, loadProver } from "./provers.ts";

/** Of the task that was asked for last: whoever asks for another does not want that one any more. */
let unwanted = new AbortController();
let loaded: LoadedProver | undefined;
let committed: CommittedChain | undefined;
let dataset: Dataset | undefined;
let held: HeldMemory | undefined;
let walked: CommittedMemory | undefined;

/** A device does one thing at a time. */
async function letGo(): Promise<void> {
  await held?.[Symbol.asyncDispose]();
  held = undefined;
}

async function answerTo(question: ProverQuestion, signal: AbortSignal): Promise<ProverReply> {
  switch (question.kind) {
    case "start": {
      loaded = await loadProver(question.choice, systemClock);
      const { device, names } = loaded;
      return { kind: "started", device, names };
    }
    case "commit": {
      const task = { ...question.task, seed: fromBase64url(question.task.seed)! };
      await letGo();
      committed = await commitChain(loaded!.prover, task, signal);
      const root = commitmentOf(question.binding, task, committed.layerRoots);
      return { kind: "committed", root: toBase64url(root) };
    }
    case "open":
      return { kind: "opened", opening: await committed!.open(question.rows, signal) };
    case "fill": {
      await letGo();
      dataset = { ...question.dataset, seed: fromBase64url(question.dataset.seed)! };
      held = await holdMemory(loaded!.memory, dataset, signal);
      return { kind: "filled" };
    }
    case "walk": {
      const walk = { ...question.walk, walkSeed: fromBase64url(question.walk.walkSeed)! };
      walked = await held!.walk(walk);
      const root = memoryCommitmentOf(question.binding, { ...dataset!, ...walk }, walked.root);
      return { kind: "committed", root: toBase64url(root) };
    }
    case "open_lanes":
      return { kind: "opened_lanes", opening: walked!.open(question.lanes) };
    default:
      return question satisfies never;
  }
}

async function answer(
  { number, ...question }: Numbered<ProverQuestion>,
  signal: AbortSignal,
): Promise<void> {
  const reply = await answerTo(question, signal).catch((error: unknown): ProverReply => {
    return { kind: "failed", message: error instanceof Error ? error.message : String(error) };
  });
  process.send!({ ...reply, number } satisfies Numbered<ProverReply>);
}

let answered: Promise<void> = Promise.resolve();
process.on("message", (message) => {
  const question = message as Numbered<ProverQuestion>;
  if (question.kind === "commit" || question.kind === "fill") {
    unwanted.abort(new Error("it is not wanted any more"));
    unwanted = new AbortController();
  }
  const { signal } = unwanted;
  // One after the other: two datasets at once would take twice the memory, and be mistaken for each other.
  answered = answered.then(() => answer(question, signal));
});
process.once("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the worker lets go of us when it is done.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => {});
if (!process.send) process.exit(2);
