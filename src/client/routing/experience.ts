/**
 * What this client saw of nodes with its own clock: how fast they were, and whether they kept their word. It counts
 * before what they claim, and fades within minutes: machines are used for other things, and get better.
 */
import { boundedMap } from "../../base/bounded-map.ts";
import {
  afterFailure,
  breakerPhase,
  type BreakerState,
  closedBreaker,
} from "../../base/breaker.ts";
import type { Clock } from "../../base/clock.ts";
import { promptFloorTokens, type Speed } from "./expectation.ts";

/** One answer, as it was seen from here. */
export interface SeenAnswer {
  /** ms from sending the request to its first content, and to its end. */
  firstMs: number;
  endMs: number;
  /** Tokens of prompts that it had to read for that: this one's, and those it was sent before. */
  unreadTokens: number;
  answerTokens: number;
  /** How much slower the node was for what it did beside. */
  crowding: number;
}

export interface Experience {
  answered(node: string, model: string, seen: SeenAnswer): void;
  /** It did not keep its word; being busy is no failure. @returns ms that it is out from now on; undefined where it was */
  failed(node: string): number | undefined;
  /** @param promised where nothing was seen, or long ago */
  speedOf(node: string, model: string, promised: Speed): Speed;
  /** 0 … 1, of the last requests. */
  failureShare(node: string): number;
  /** Failed a moment ago: to be used only where there is no other. */
  isOut(node: string): boolean;
}

/** A new sighting counts for this much, the ones before for the rest. */
const newest = 0.3;
/** After so long what was seen counts half, and what is promised the other half. */
const halfLifeMs = 600_000;
const nodesMost = 512;
/** An answer of fewer tokens says nothing of speed. */
const tellingTokens = 8;
/** The first failure takes a node out for half a minute, each after that for longer. */
const outage = { failures: 1, firstMs: 30_000, ceilingMs: 600_000 };

interface Seen extends Speed {
  at: number;
}

const mixed = (before: number | undefined, now: number): number =>
  before === undefined ? now : before * (1 - newest) + now * newest;

export function createExperience(clock: Pick<Clock, "monotonic">): Experience {
  const speeds = boundedMap<string, Seen>(nodesMost);
  const failures = boundedMap<string, number>(nodesMost);
  const breakers = boundedMap<string, BreakerState>(nodesMost);
  const keyOf = (node: string, model: string) => `${node} ${model}`;

  return {
    answered(node, model, { firstMs, endMs, unreadTokens, answerTokens, crowding }) {
      breakers.delete(node);
      failures.set(node, mixed(failures.get(node) ?? 0, 0));
      if (answerTokens < tellingTokens) return;
      const key = keyOf(node, model);
      const before = speeds.get(key);
      const read = firstMs / (unreadTokens + promptFloorTokens);
      const write = (endMs - firstMs) / answerTokens / crowding;
      speeds.set(key, {
        readMsPerToken: mixed(before?.readMsPerToken, read),
        writeMsPerToken: mixed(before?.writeMsPerToken, write),
        at: clock.monotonic(),
      });
    },
    failed(node) {
      failures.set(node, mixed(failures.get(node) ?? 0, 1));
      const before = breakers.get(node) ?? closedBreaker;
      const now = clock.monotonic();
      const state = afterFailure(before, outage, now);
      breakers.set(node, state);
      return state === before ? undefined : state.openUntil - now;
    },
    speedOf(node, model, promised) {
      const seen = speeds.get(keyOf(node, model));
      if (!seen) return promised;
      const weight = 0.5 ** ((clock.monotonic() - seen.at) / halfLifeMs);
      const between = (was: number, is: number) => was * weight + is * (1 - weight);
      return {
        readMsPerToken: between(seen.readMsPerToken, promised.readMsPerToken),
        writeMsPerToken: between(seen.writeMsPerToken, promised.writeMsPerToken),
      };
    },
    failureShare: (node) => failures.get(node) ?? 0,
    isOut: (node) =>
      breakerPhase(breakers.get(node) ?? closedBreaker, clock.monotonic()) === "open",
  };
}
