/** What the worker and the process that proves say to each other: one question at a time, each with one answer. */
import type { ProofBinding } from "../../protocol/hardware-proof/commitment.ts";
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

/** What is to compute, and where what it needs was installed. */
export type ProverChoice =
  { prover: Exclude<ProverKind, "webgpu"> } | { prover: "webgpu"; folder: string };

export type ProverQuestion =
  /** First, once. */
  | { kind: "start"; choice: ProverChoice }
  | { kind: "commit"; task: AskedTask; binding: ProofBinding }
  /** Of the task that was committed to last. */
  | { kind: "open"; rows: RowPlace[] };

export type ProverReply =
  | { kind: "started"; device: ProvingDevice }
  /** base64url. */
  | { kind: "committed"; root: string }
  | { kind: "opened"; opening: Opening }
  | { kind: "failed"; message: string };
