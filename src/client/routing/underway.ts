/** Requests that were sent to nodes: what each node has yet to read, and what their endings say of it. */
import type { Experience } from "./experience.ts";
import type { Prefixes, Prompt } from "./prefixes.ts";

/** How an answer went, measured by who asked. */
export interface Watched {
  firstMs: number;
  endMs: number;
  answerTokens: number;
}

/** A request that was sent to a node: its ending, once. */
export interface Sent {
  /** The first word is there. */
  begun(): void;
  answered(watched: Watched): void;
  failed(): void;
  /** It ended in a way that says nothing of the node. */
  dropped(): void;
}

/** What is sent, and how crowded the node is with it. */
export interface Sending {
  model: string;
  prompt: Prompt;
  crowding: number;
}

export interface Underway {
  /** Tokens of prompts that are on their way to a first word there. */
  unreadTokens(node: string): number;
  /** From now on the node knows this prompt. */
  sent(node: string, sending: Sending): Sent;
}

export interface UnderwayParts {
  prefixes: Prefixes;
  experience: Pick<Experience, "answered">;
  /** It kept its word, or did not. */
  kept(node: string): void;
  failed(node: string): void;
}

export function createUnderway({ prefixes, experience, kept, failed }: UnderwayParts): Underway {
  const unread = new Map<string, number>();
  return {
    unreadTokens: (node) => unread.get(node) ?? 0,
    sent(node, { model, prompt, crowding }) {
      const own = Math.max(0, prompt.tokens - prefixes.cachedTokens(node, model, prompt));
      const before = unread.get(node) ?? 0;
      unread.set(node, before + own);
      prefixes.sent(node, model, prompt);
      let isUnread = true;
      const read = () => {
        if (!isUnread) return;
        isUnread = false;
        const left = unread.get(node)! - own;
        if (left > 0) unread.set(node, left);
        else unread.delete(node);
      };
      /** Without a first word nobody knows whether it was read: then it was not. */
      const leave = () => {
        if (isUnread) prefixes.refused(node, model, prompt);
        read();
      };
      return {
        begun: read,
        answered({ firstMs, endMs, answerTokens }) {
          read();
          const seen = { firstMs, endMs, answerTokens, unreadTokens: before + own, crowding };
          experience.answered(node, model, seen);
          kept(node);
        },
        failed() {
          leave();
          failed(node);
        },
        dropped: leave,
      };
    },
  };
}
