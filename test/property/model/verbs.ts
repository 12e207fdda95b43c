/** The ledger's verbs on the model, each in its plainest form. Amounts in micro-credits, times in ms. */
import { takeLine, takeWord, vest } from "./settle.ts";
import type { ModelAnswer, ModelHold, ModelLine, ModelState, ModelWord } from "./state.ts";

export type NewModelHold = Omit<ModelHold, "taken" | "state" | "closing" | "requests">;

/** A veteran has dealt with ten others, which a gift asks for. */
export interface ModelGift {
  id: string;
  from: string;
  to: string;
  amount: bigint;
}

export function createModel(accounts: readonly string[], now: number, starterCredits: bigint) {
  const state: ModelState = {
    now,
    accounts: new Map(accounts.map((id) => [id, { posted: 0n, held: 0n, starter: 0n }])),
    faucet: 0n,
    commons: 0n,
    vesting: new Map(accounts.map((id) => [id, 0n])),
    granted: new Set(),
    holds: new Map(),
    gifts: new Map(),
    arrivals: 0,
  };
  const end = (hold: ModelHold, how: "closed" | "expired") => {
    hold.state = how;
    state.accounts.get(hold.payer)!.held -= hold.amount - hold.taken;
  };
  const closeIfComplete = (hold: ModelHold) => {
    if (hold.state !== "open" || !hold.closing) return;
    if (hold.closing.every((k) => hold.requests.get(k)?.line)) end(hold, "closed");
  };

  return {
    state,

    grant(account: string): string {
      const found = state.accounts.get(account)!;
      if (!state.granted.has(account)) {
        state.granted.add(account);
        state.faucet -= starterCredits;
        found.posted += starterCredits;
        found.starter += starterCredits;
      }
      return "granted";
    },

    openHold(wish: NewModelHold): string {
      const existing = state.holds.get(wish.id);
      if (existing) return existing.body === wish.body ? "replayed" : "idempotency_mismatch";
      const payer = state.accounts.get(wish.payer)!;
      if (payer.posted - payer.held < wish.amount) return "insufficient";
      payer.held += wish.amount;
      const fresh = { taken: 0n, state: "open", closing: undefined, requests: new Map() } as const;
      state.holds.set(wish.id, { ...wish, ...fresh });
      return "opened";
    },

    receive(hold: string, node: string, lines: readonly ModelLine[]): ModelAnswer[] | string {
      const found = state.holds.get(hold);
      if (found?.node !== node) return "hold_not_found";
      const answers = lines.map((line) => takeLine(state, found, line));
      closeIfComplete(found);
      return answers;
    },

    acknowledge(hold: string, by: string, words: readonly ModelWord[]): ModelAnswer[] | string {
      const found = state.holds.get(hold);
      if (found?.payer !== by) return "hold_not_found";
      return words.map((word) => takeWord(state, found, word));
    },

    /** The first list of numbers stands. */
    close(hold: string, node: string, numbers: readonly number[]): string {
      const found = state.holds.get(hold);
      if (found?.node !== node) return "hold_not_found";
      if (found.state === "open") found.closing ??= numbers;
      closeIfComplete(found);
      return "accepted";
    },

    expire(): number {
      const due = [...state.holds.values()].filter(
        (hold) => hold.state === "open" && hold.expires <= state.now,
      );
      for (const hold of due) end(hold, "expired");
      return due.length;
    },

    /** Of tickets that ended by then, those of which nobody has said a word are given back. */
    releaseUnused(endedBy: number): number {
      const unused = [...state.holds.values()].filter(
        (hold) => hold.state === "open" && hold.ticketEnds <= endedBy && hold.requests.size === 0,
      );
      for (const hold of unused) end(hold, "expired");
      return unused.length;
    },

    /** Oldest first; a hold whose turn has come gets done with all that is due of it. */
    vest(): number {
      const due = [...state.holds.values()]
        .flatMap(({ requests }) => [...requests.values()])
        .filter(({ standing, vestsAt }) => standing === "vesting" && vestsAt <= state.now)
        .toSorted(
          (left, right) =>
            left.vestsAt - right.vestsAt || compare(left.hold, right.hold) || left.k - right.k,
        );
      const holds = new Set(due.map(({ hold }) => hold));
      for (const hold of holds)
        for (const request of due) if (request.hold === hold) vest(state, request);
      return due.length;
    },

    /** The clock of vesting stood still for so long, until now: each day grows by what it saw of that. */
    postpone(ms: number): void {
      for (const { requests } of state.holds.values())
        for (const request of requests.values())
          request.vestsAt += Math.min(ms, state.now - request.arrivedAt);
    },

    /** Who may give is known beforehand; the day's cap is far away. */
    gift({ id, from, to, amount }: ModelGift, isVeteran: boolean): string {
      if (from === to) return "same_account";
      const given = state.gifts.get(`${from} ${id}`);
      if (given)
        return given.to === to && given.amount === amount ? "given" : "idempotency_mismatch";
      const giver = state.accounts.get(from)!;
      if (giver.posted - giver.held < amount) return "insufficient_credits";
      if (giver.posted - giver.held - giver.starter < amount || !isVeteran)
        return "not_transferable";
      giver.posted -= amount;
      state.accounts.get(to)!.posted += amount;
      state.gifts.set(`${from} ${id}`, { to, amount });
      return "given";
    },
  };
}

export type Model = ReturnType<typeof createModel>;

const compare = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);
