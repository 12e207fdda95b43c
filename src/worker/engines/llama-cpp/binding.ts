/**
 * What we use of `node-llama-cpp`, declared here because it is not a dependency: it is installed on demand
 * and imported by path. Checked by the tests against version 3.22.1, its semantics are documented there.
 */

/** The number of a vocabulary entry. Opaque, as in the library. */
export type TokenId = number & { readonly __token: never };

export interface Tokenizable {
  tokenize(tokenizer: (text: string, specialTokens?: boolean) => TokenId[]): TokenId[];
  toString(): string;
}

export type ChatItem =
  { type: "system" | "user"; text: string } | { type: "model"; response: string[] };

export interface ChatWrapper {
  readonly wrapperName: string;
  readonly settings: {
    readonly segments?: {
      readonly thought?: { readonly prefix: unknown; readonly suffix?: unknown };
    };
  };
  /** Renders the model's own template; the last item is the answer to be generated or continued. */
  generateContextState(options: { chatHistory: ChatItem[] }): {
    contextText: Tokenizable;
    stopGenerationTriggers: Tokenizable[];
  };
}

export interface Sampling {
  temperature: number;
  topK: number;
  topP: number;
  minP: number;
  seed?: number;
  repeatPenalty?: {
    punishTokens: () => TokenId[];
    penalty: number;
    frequencyPenalty: number;
    presencePenalty: number;
  };
}

export interface Sequence {
  readonly nextTokenIndex: number;
  compareContextTokens(tokens: TokenId[]): { firstDifferentIndex: number };
  /** Drops what differs from `tokens`; the common beginning stays evaluated. */
  adaptStateToTokens(tokens: TokenId[], allowShift: boolean): Promise<void>;
  evaluateWithoutGeneratingNewTokens(tokens: TokenId[]): Promise<void>;
  /** Yields one sampled token per `next()`; nothing is computed while nobody asks. */
  evaluate(
    tokens: TokenId[],
    options: Sampling & { yieldEogToken: boolean },
  ): AsyncGenerator<TokenId>;
}

export interface Context {
  readonly contextSize: number;
  getSequence(): Sequence;
}

export interface EmbeddingContext {
  calculateInputLength(input: string): number;
  getEmbeddingFor(input: string): Promise<{ readonly vector: readonly number[] }>;
}

export interface LoadedModel {
  readonly trainContextSize: number;
  readonly tokenizer: (text: string, specialTokens?: boolean) => TokenId[];
  readonly tokens: { readonly bos: TokenId | null; readonly shouldPrependBosToken: boolean };
  readonly fileInfo: {
    readonly metadata: {
      readonly general?: { readonly name?: string; readonly file_type?: number };
      readonly tokenizer?: { readonly chat_template?: string };
      /** Settings of the architecture, under its own name. */
      readonly [architecture: string]: unknown;
    };
  };
  /** @param options for a text that is not the first: without the space that some tokenizers put before it */
  tokenize(text: string, specialTokens?: boolean, options?: "trimLeadingSpace"): TokenId[];
  detokenize(
    tokens: readonly TokenId[],
    specialTokens?: boolean,
    lastTokens?: readonly TokenId[],
  ): string;
  isEogToken(token: TokenId): boolean;
  isSpecialToken(token: TokenId): boolean;
  createContext(options: {
    contextSize: number | { max: number };
    sequences: number;
    threads: number;
  }): Promise<Context>;
  createEmbeddingContext(options: {
    contextSize: number | { max: number };
    threads: number;
  }): Promise<EmbeddingContext>;
}

export interface LlamaLibrary {
  getLlama(options: {
    gpu: "cuda" | "vulkan" | "metal" | false;
    /** Never compiles: a donor's machine needs no compiler, and we no surprise. */
    build: "never";
    skipDownload: true;
    progressLogs: false;
    maxThreads: number;
    logger: (level: string, message: string) => void;
  }): Promise<{ loadModel(options: { modelPath: string }): Promise<LoadedModel> }>;
  resolveChatWrapper(model: LoadedModel, options: { warningLogs: boolean }): ChatWrapper;
  readonly GgufFileType: Record<number, string>;
}
