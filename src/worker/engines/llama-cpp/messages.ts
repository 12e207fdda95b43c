/** What parent and child say to each other over the IPC channel. The key travels here and never in argv. */
import type { Capability } from "../../../protocol/node.ts";
import type { EngineBuild } from "./platforms.ts";

/** Parent → child, once. */
export interface StartMessage {
  /** Folder that holds `node_modules/node-llama-cpp`. */
  engineFolder: string;
  gpu: EngineBuild["gpu"];
  modelFile: string;
  /** Tokens of context per slot at most; less where the model or the memory allows less. */
  contextSize: number;
  slots: number;
  threads: number;
  /** Bearer key that every request must carry. */
  key: string;
  /** The name under which the model is listed, where the caller chose one. */
  modelName?: string;
  /** Port to listen on, 0 for a free one. */
  port: number;
}

export interface LoadedModelInfo {
  name: string;
  contextLength: number;
  quantization?: string;
  capabilities: Capability[];
}

/** Child → parent, once: either it serves, or it says which step failed and ends. */
export type ChildMessage =
  | { kind: "ready"; port: number; model: LoadedModelInfo }
  | { kind: "failed"; step: "engine" | "model"; message: string };
