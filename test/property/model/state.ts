/** What the model remembers: accounts with plain sums, and holds with their requests. */
import type { Figures, ModelRate } from "./arithmetic.ts";

export interface ModelAccount {
  posted: bigint;
  held: bigint;
  /** Starter credits that are left: spent first, never given away. */
  starter: bigint;
}

/** One request, named by its hold and number. */
export interface ModelRequest {
  hold: string;
  k: number;
  payer: string;
  payee: string;
  /** The worker's line as it was sent; undefined while only the client has spoken. */
  line: ModelLine | undefined;
  /** The client's first word. */
  word: ModelWord | undefined;
  standing: "waiting" | "vesting" | "settled" | "reversed";
  cost: bigint;
  /** Of the cost, what was taken from the requester. */
  taken: bigint;
  /** Of what was taken, starter credits. */
  starter: bigint;
  /** Whether the hold was open when the line came: what is missing then is for want of budget. */
  wasOpen: boolean;
  /** When the line came, or the credits went back, in order. */
  arrival: number;
  arrivedAt: number;
  vestsAt: number;
}

export interface ModelHold {
  id: string;
  payer: string;
  payee: string;
  node: string;
  amount: bigint;
  taken: bigint;
  state: "open" | "closed" | "expired";
  rate: ModelRate;
  body: string;
  ticketEnds: number;
  expires: number;
  /** Numbers that the worker named when it closed. */
  closing: readonly number[] | undefined;
  requests: Map<number, ModelRequest>;
}

export interface ModelLine extends Figures {
  k: number;
  finish: string;
  /** What the worker claims, micro-credits. */
  claim: bigint;
  /** Carries another number's secret. */
  isForged: boolean;
}

export interface ModelWord {
  k: number;
  verdict: "ok" | "differs" | "not_received" | "refused";
  /** Whether it names the line that the worker sent; any other is somebody's invention. */
  hash: string;
  bounds: Figures;
  /** `<hold>.<k>` of the request that this one repeats elsewhere. */
  retryOf: string | undefined;
}

export interface ModelState {
  now: number;
  accounts: Map<string, ModelAccount>;
  faucet: bigint;
  commons: bigint;
  /** By provider. */
  vesting: Map<string, bigint>;
  granted: Set<string>;
  holds: Map<string, ModelHold>;
  gifts: Map<string, { to: string; amount: bigint }>;
  arrivals: number;
}

/** One line's answer. */
export interface ModelAnswer {
  outcome: string;
  /** What the request has paid out in all. */
  paid: bigint;
}
