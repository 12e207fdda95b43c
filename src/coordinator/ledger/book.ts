/** One hold's page of the books, as the settlement rules see it. */
import type { Micro } from "../../protocol/credits.ts";
import type { Rate } from "../../protocol/price.ts";
import type { AcknowledgedLine, Finish } from "../../protocol/receipt.ts";

export type HoldState = "open" | "closed" | "expired";
/** `waiting`: the acknowledgement came first. `vesting`: paid, nobody has acknowledged it yet. */
export type RequestState = "waiting" | "vesting" | "settled" | "reversed";

export type Verdict = AcknowledgedLine["verdict"];

/** What the worker said of a request. */
export interface ReceiptFacts {
  statement: string;
  lineHash: string;
  billedMs: number;
  promptTokens: number;
  completionTokens: number;
  estimated: boolean;
  finish: Finish;
  firstTokenMs: number | null;
  started: number;
  ended: number;
  /** Vouched for by a shared key instead of a signature; it says nothing of tokens. */
  hmac: boolean;
}

/** What the client said of it. */
export interface AcknowledgementFacts {
  statement: string;
  verdict: Verdict;
  /** Figures and hash of the line it saw; null where it saw none. */
  seen: {
    lineHash: string;
    billedMs: number;
    promptTokens: number;
    completionTokens: number;
  } | null;
  retryOf: string | null;
  continues: string | null;
  part: number | null;
}

/** What the client said later: a mark that moves no money. */
export interface Dispute {
  statement: string;
  verdict: Exclude<Verdict, "ok">;
  at: number;
}

export interface RequestRow {
  k: number;
  state: RequestState;
  cost: Micro;
  /** Of the cost, what was never captured. */
  shortfall: Micro;
  /** Of the captured amount, what the commons got. */
  commons: Micro;
  /** Of the captured amount, what had been starter credits. */
  starter: Micro;
  receipt: ReceiptFacts | null;
  acknowledgement: AcknowledgementFacts | null;
  dispute: Dispute | null;
  receivedAt: number;
  vestsAt: number | null;
  settledAt: number | null;
}

/** One of a requester's latest requests that were paid for. */
export interface PaidRequest {
  /** `<hold>.<k>`. */
  name: string;
  paid: Micro;
  /** Whether it was given back; then it counts from that moment on, and not from its receipt. */
  isBack: boolean;
}

export interface Book {
  hold: string;
  account: string;
  payee: string;
  state: HoldState;
  /** When the hold was closed or expired, ms; null while it is open. */
  endedAt: number | null;
  amount: Micro;
  captured: Micro;
  rate: Rate;
  anchor: string;
  /** What the requester could spend now besides this hold. */
  available: Micro;
  /** Of the requester's credits, those that were granted. */
  starterLeft: Micro;
  requests: ReadonlyMap<number, RequestRow>;
  /** What the requester last paid for, newest first, where somebody asks for credits back; else nothing. */
  recent: readonly PaidRequest[];
}

/** Movement of a request's money; with the hold and k it names the transfer. */
export type Leg = "pay" | "vest" | "reverse" | "commons";

export interface Movement {
  k: number;
  leg: Leg;
  debit: string;
  credit: string;
  amount: Micro;
}
