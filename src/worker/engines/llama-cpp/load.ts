/** Loads library and model in the child and makes the sequences that requests are computed on. */
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Capability } from "../../../protocol/node.ts";
import type {
  ChatWrapper,
  EmbeddingContext,
  LlamaLibrary,
  LoadedModel,
  TokenId,
  Tokenizable,
} from "./binding.ts";
import { promptStep } from "./generate.ts";
import type { LoadedModelInfo, StartMessage } from "./messages.ts";
import { createSlots, type Slots } from "./slots.ts";
import type { ThoughtMarkers } from "./text.ts";

/** A failure before the first request, and whether the build or the model is to blame. */
export class LoadError extends Error {
  readonly step: "engine" | "model";
  constructor(step: "engine" | "model", cause: unknown, log: readonly string[]) {
    const told = cause instanceof Error ? cause.message : String(cause);
    // All that the library says where a prebuilt binary was tried and did not load.
    const text = told === "NoBinaryFoundError" ? "its libraries do not load on this machine" : told;
    super([text, ...log].join("; ").slice(0, 1_000), { cause });
    this.step = step;
  }
}

export interface LoadedEngine {
  model: LoadedModel;
  info: LoadedModelInfo;
  wrapper: ChatWrapper;
  thought: (Omit<ThoughtMarkers, "startsInside"> & { tokens: ReadonlySet<TokenId> }) | undefined;
  slots: Slots;
  /** Prompt tokens per step. */
  step: number;
  /** Present for models made for embeddings, which then generate nothing. */
  embedding: EmbeddingContext | undefined;
}

/** llama.cpp's pooling types: 0 is none, 4 is ranking; the others yield one vector per text. */
const embeddingPooling = new Set([1, 2, 3]);
const mostLogLines = 3;
const mostNameCharacters = 256;

const isTokenizable = (value: unknown): value is Tokenizable =>
  typeof value === "object" && value !== null && "tokenize" in value;

/** The texts around reasoning, where the template has any, with the tokens that make them up. */
function thoughtOf(model: LoadedModel, wrapper: ChatWrapper): LoadedEngine["thought"] {
  const thought = wrapper.settings.segments?.thought;
  if (!thought) return undefined;
  const tokensOf = (text: unknown, otherwise: string): TokenId[] => {
    if (isTokenizable(text)) return text.tokenize(model.tokenizer);
    return model.tokenize(typeof text === "string" ? text : otherwise, true);
  };
  const open = tokensOf(thought.prefix, "<think>");
  const close = tokensOf(thought.suffix, "</think>");
  const text = (tokens: TokenId[]) => model.detokenize(tokens, true).trim();
  if (text(open) === "" || text(close) === "") return undefined;
  const special = [...open, ...close].filter((token) => model.isSpecialToken(token));
  return { open: text(open), close: text(close), tokens: new Set(special) };
}

function isEmbeddingModel(model: LoadedModel): boolean {
  const settings = Object.values(model.fileInfo.metadata).find(
    (value): value is { pooling_type: number } =>
      typeof value === "object" && value !== null && "pooling_type" in value,
  );
  return settings !== undefined && embeddingPooling.has(settings.pooling_type);
}

/** @throws LoadError */
export async function loadEngine(start: StartMessage): Promise<LoadedEngine> {
  const log: string[] = [];
  const logger = (level: string, message: string) => {
    if (level !== "error" && level !== "fatal") return;
    log.push(message.trim());
    log.splice(0, Math.max(0, log.length - mostLogLines));
  };
  let library: LlamaLibrary;
  let llama;
  try {
    const entry = join(start.engineFolder, "node_modules", "node-llama-cpp", "dist", "index.js");
    library = (await import(pathToFileURL(entry).href)) as LlamaLibrary;
    llama = await library.getLlama({
      gpu: start.gpu,
      build: "never",
      skipDownload: true,
      progressLogs: false,
      maxThreads: start.threads,
      logger,
    });
  } catch (error) {
    throw new LoadError("engine", error, log);
  }
  try {
    const model = await llama.loadModel({ modelPath: start.modelFile });
    const wrapper = library.resolveChatWrapper(model, { warningLogs: false });
    return await prepare(start, library, model, wrapper);
  } catch (error) {
    throw new LoadError("model", error, log);
  }
}

async function prepare(
  start: StartMessage,
  library: LlamaLibrary,
  model: LoadedModel,
  wrapper: ChatWrapper,
): Promise<LoadedEngine> {
  const { threads } = start;
  // Beyond the trained length answers turn into noise.
  const contextSize = { max: Math.min(start.contextSize, model.trainContextSize) };
  const general = model.fileInfo.metadata.general;
  const fileName = basename(start.modelFile).replace(/\.gguf$/i, "");
  const quantization = library.GgufFileType[general?.file_type ?? -1]?.replace(
    /^(ALL|MOSTLY)_/,
    "",
  );
  const common = {
    model,
    wrapper,
    step: start.gpu === false ? promptStep.cpu : promptStep.gpu,
    thought: thoughtOf(model, wrapper),
  };
  const info = {
    name: (start.modelName ?? general?.name ?? fileName).slice(0, mostNameCharacters) || fileName,
    ...(quantization !== undefined && { quantization }),
  };
  if (isEmbeddingModel(model)) {
    const embedding = await model.createEmbeddingContext({ contextSize, threads });
    const contextLength = contextSize.max;
    const embeds: LoadedModelInfo = { ...info, contextLength, capabilities: ["embedding"] };
    return { ...common, info: embeds, slots: createSlots([]), embedding };
  }
  // `threads` is always set: the library's default takes more than there are and is a thousand times slower.
  const context = await model.createContext({ contextSize, sequences: start.slots, threads });
  const sequences = Array.from({ length: start.slots }, () => context.getSequence());
  const hasTemplate = Boolean(model.fileInfo.metadata.tokenizer?.chat_template);
  const capabilities: Capability[] = ["completion"];
  if (hasTemplate) capabilities.unshift("chat");
  if (common.thought) capabilities.push("reasoning");
  // The text so far would stand where its thoughts do.
  else if (hasTemplate) capabilities.push("prefill");
  return {
    ...common,
    info: { ...info, contextLength: context.contextSize, capabilities },
    slots: createSlots(sequences),
    embedding: undefined,
  };
}
