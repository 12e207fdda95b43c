/** What the worker and the process that proves say to each other: each question has one answer. */
import type { ProofBinding } from "../../protocol/hardware-proof/commitment.ts";
import type { MemoryOpening } from "../../protocol/hardware-proof/memory-opening.ts";
import type { Opening, RowPlace } from "../../protocol/hardware-proof/opening.ts";
import type { ProvingDevice } from "../../protocol/hardware-proof/wire.ts";
import type { ChainProver } from "./prover.ts";

export type ProverKind = ChainProver["kind"];

export interface AskedTask {
  /** base64url. */
  seed: string;
  n: number;
  layers: number;
}

export interface AskedDataset {
  /** base64url. */
  seed: string;
  segments: number;
}

export interface AskedWalk {
  /** base64url. */
  walkSeed: string;
  passes: number;
}

/** What is to compute, and where what it needs was installed. */
export type ProverChoice =
  | { prover: Exclude<ProverKind, "webgpu"> }
  /** `adapter`: the GPU's name; without one, the fastest. `isAlone`: no other is shown to the process. */
  | { prover: "webgpu"; folder: string; adapter?: string | undefined; isAlone: boolean };

/** An answer bears its question's number: one that comes too late is to nobody. */
export type Numbered<Message> = Message & { number: number };

export type ProverQuestion =
  /** First, once. */
  | { kind: "start"; choice: ProverChoice }
  | { kind: "commit"; task: AskedTask; binding: ProofBinding }
  /** Of the task that was committed to last. */
  | { kind: "open"; rows: RowPlace[] }
  | { kind: "fill"; dataset: AskedDataset }
  /** Of the dataset that was filled last. */
  | { kind: "walk"; walk: AskedWalk; binding: ProofBinding }
  /** Of the walk that was committed to last. */
  | { kind: "open_lanes"; lanes: number[] };

export type ProverReply =
  /** `names`: of all GPUs here, alike ones as often as there are. */
  | { kind: "started"; device: ProvingDevice; names: readonly string[] }
  /** base64url. */
  | { kind: "committed"; root: string }
  | { kind: "opened"; opening: Opening }
  | { kind: "filled" }
  | { kind: "opened_lanes"; opening: MemoryOpening }
  | { kind: "failed"; message: string };
