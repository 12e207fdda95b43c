/** For tests: stands in for `node-llama-cpp` with a model whose tokens are bytes and whose answers are given. */
import type { LoadedModel, Sequence, TokenId } from "./binding.ts";
import type { LoadedEngine } from "./load.ts";
import { createSlots } from "./slots.ts";

const endToken = 256 as TokenId;

export const tokensOf = (text: string): TokenId[] => [...Buffer.from(text)] as TokenId[];

/** Bytes as tokens; 256 ends the answer. */
export function scriptedModel(): LoadedModel {
  const tokenize = (text: string) => tokensOf(text);
  return {
    trainContextSize: 4_096,
    tokenizer: tokenize,
    tokens: { bos: null, shouldPrependBosToken: false },
    fileInfo: { metadata: {} },
    tokenize,
    detokenize: (tokens) => Buffer.from(tokens.filter((token) => token < 256)).toString("utf8"),
    isEogToken: (token) => token === endToken,
    isSpecialToken: (token) => token === endToken,
    createContext: () => Promise.reject(new Error("not scripted")),
    createEmbeddingContext: () => Promise.reject(new Error("not scripted")),
  };
}

export interface Script {
  /** What the model says to any prompt; without it, the letter x for ever. */
  answer?: string;
  contextSize?: number;
  slots?: number;
  /** Called when a generation's last token was asked for, or nobody wants more. */
  onEnd?: () => void;
}

/** An engine as `load.ts` would make it. `produced` counts sampled tokens, `evaluated` those of prompts. */
export function scriptedEngine({ answer, contextSize = 4_096, slots = 1, onEnd }: Script) {
  const counts = { produced: 0, evaluated: 0 };
  const sequence = (): Sequence => {
    let known: TokenId[] = [];
    const common = (tokens: TokenId[]) => {
      const at = known.findIndex((token, index) => token !== tokens[index]);
      return at < 0 ? known.length : at;
    };
    return {
      get nextTokenIndex() {
        return known.length;
      },
      compareContextTokens: (tokens) => ({ firstDifferentIndex: common(tokens) }),
      async adaptStateToTokens(tokens) {
        known = known.slice(0, common(tokens));
      },
      async evaluateWithoutGeneratingNewTokens(tokens) {
        known.push(...tokens);
        counts.evaluated += tokens.length;
      },
      async *evaluate(tokens) {
        try {
          known.push(...tokens);
          counts.evaluated += tokens.length;
          const script = answer === undefined ? undefined : [...tokensOf(answer), endToken];
          for (let index = 0; script === undefined || index < script.length; index++) {
            const token = script?.[index] ?? tokensOf("x")[0]!;
            await new Promise(setImmediate);
            counts.produced++;
            known.push(token);
            yield token;
          }
        } finally {
          onEnd?.();
        }
      },
    };
  };
  const tokenizable = (text: string) => ({ tokenize: () => tokensOf(text), toString: () => text });
  const engine: LoadedEngine = {
    model: scriptedModel(),
    info: { name: "scripted", contextLength: contextSize, capabilities: ["chat", "completion"] },
    wrapper: {
      wrapperName: "scripted",
      settings: {},
      generateContextState: ({ chatHistory }) => ({
        contextText: tokenizable(
          chatHistory
            .map(
              (item) =>
                `${item.type}: ${item.type === "model" ? item.response.join("") : item.text}`,
            )
            .join("\n"),
        ),
        stopGenerationTriggers: [],
      }),
    },
    thought: undefined,
    slots: createSlots(Array.from({ length: slots }, sequence)),
    step: 64,
    embedding: undefined,
  };
  return { engine, counts };
}
