/** The settlement table of `docs/ledger.md`, row by row. */
import { agreedOf, leastOf, most, priceOf, withinBounds } from "./arithmetic.ts";
import type {
  ModelAnswer,
  ModelHold,
  ModelLine,
  ModelRequest,
  ModelState,
  ModelWord,
} from "./state.ts";

const dayMs = 86_400_000;
const lastRequests = 50;
const oneCredit = 1_000_000n;

/** The worker's line arrives. */
export function takeLine(state: ModelState, hold: ModelHold, line: ModelLine): ModelAnswer {
  const known = hold.requests.get(line.k);
  if (line.isForged) return { outcome: "request_unproven", paid: 0n };
  if (known?.line) {
    const answer = standingOf(known);
    return isSameLine(known.line, line) ? answer : { ...answer, outcome: "receipt_conflict" };
  }
  const request = known ?? newRequest(state, hold, line.k);
  request.line = line;
  request.arrival = state.arrivals += 1;
  request.arrivedAt = state.now;
  request.wasOpen = hold.state === "open";
  request.cost = hold.payer === hold.payee ? 0n : chargeOf(hold, line);
  request.taken = leastOf(request.cost, takeableFrom(state, hold));
  request.standing = "settled";
  if (request.taken === 0n) return standingOf(request);

  // Everything passes through the vesting account here; whether it does in the ledger is the ledger's affair.
  const payer = state.accounts.get(hold.payer)!;
  request.starter = leastOf(request.taken, payer.starter);
  payer.starter -= request.starter;
  payer.posted -= request.taken;
  if (hold.state === "open") payer.held -= request.taken;
  hold.taken += request.taken;
  addVesting(state, hold.payee, request.taken);
  request.standing = "vesting";
  request.vestsAt = state.now + dayMs;
  if (request.word) settle(state, request, hold, request.word);
  return standingOf(request);
}

/** The client's line arrives: the first one counts. */
export function takeWord(state: ModelState, hold: ModelHold, word: ModelWord): ModelAnswer {
  const request = hold.requests.get(word.k) ?? newRequest(state, hold, word.k);
  if (request.word) {
    const answer = standingOf(request);
    return isSameWord(request.word, word) ? answer : { ...answer, outcome: "replayed" };
  }
  request.word = word;
  if (request.standing === "vesting") settle(state, request, hold, word);
  return standingOf(request);
}

/** A day has passed. */
export function vest(state: ModelState, request: ModelRequest): void {
  const isUnsettled =
    request.word?.verdict === "not_received" || request.word?.verdict === "refused";
  if (isUnsettled && giveBack(state, request)) return;
  if (isUnsettled) return finish(state, request, 0n, request.taken);
  finish(state, request, request.taken, 0n);
}

function settle(state: ModelState, request: ModelRequest, hold: ModelHold, word: ModelWord): void {
  if (word.verdict === "not_received" || word.verdict === "refused") {
    // What cannot go back now waits out its day, since the allowance may grow until then.
    giveBack(state, request);
    return;
  }
  const lower = priceOf(withinBounds(request.line!, word.bounds), hold.rate);
  const paid = leastOf(agreedOf(request.cost, lower), request.taken);
  finish(state, request, paid, request.taken - paid);
}

function finish(state: ModelState, request: ModelRequest, paid: bigint, disputed: bigint): void {
  addVesting(state, request.payee, -(paid + disputed));
  state.accounts.get(request.payee)!.posted += paid;
  state.commons += disputed;
  request.standing = "settled";
}

/** From then on it counts as the latest of what was paid for. */
function giveBack(state: ModelState, request: ModelRequest): boolean {
  if (!isWithinAllowance(state, request)) return false;
  const payer = state.accounts.get(request.payer)!;
  addVesting(state, request.payee, -request.taken);
  payer.posted += request.taken;
  payer.starter += request.starter;
  request.standing = "reversed";
  request.arrival = state.arrivals += 1;
  return true;
}

const requestsOf = (state: ModelState): ModelRequest[] =>
  [...state.holds.values()].flatMap(({ requests }) => [...requests.values()]);

/**
 * Of the last fifty others that were paid for: "one request in fifty, and 2 % of their credits"; and while there are
 * fewer, "one such as the others were, of a credit at most".
 */
function isWithinAllowance(state: ModelState, request: ModelRequest): boolean {
  const others = requestsOf(state)
    .filter((other) => other !== request && other.payer === request.payer && other.taken > 0n)
    .toSorted((left, right) => right.arrival - left.arrival)
    .slice(0, lastRequests);
  let [given, returned, cost] = [0n, 0n, 0n];
  for (const { standing, taken } of others) {
    if (standing === "reversed") [given, returned] = [given + 1n, returned + taken];
    else cost += taken;
  }
  const kept = BigInt(others.length) - given;
  if (kept === 0n || given + 1n > most(1n, BigInt(others.length) / 50n)) return false;
  return returned + request.taken <= most(cost / 50n, leastOf(oneCredit, cost / kept));
}

/** "Recomputed; less where less is claimed, never more", and what is free. */
function chargeOf(hold: ModelHold, line: ModelLine): bigint {
  if (line.finish === "worker_error") return 0n;
  const earlier = [...hold.requests.values()].filter(
    ({ k, line: other }) => k !== line.k && other && leftEarly(other),
  );
  if (leftEarly(line) && earlier.length < 3) return 0n;
  return leastOf(line.claim, priceOf(line, hold.rate));
}

/** The client went away: "nothing if no token and under 10 s, three times a ticket". */
const leftEarly = ({ finish: end, completion, ms }: ModelLine): boolean =>
  end === "client_gone" && completion === 0 && ms < 10_000;

function takeableFrom(state: ModelState, hold: ModelHold): bigint {
  if (hold.state === "closed") return 0n;
  const left = hold.amount - hold.taken;
  if (hold.state === "open") return left;
  const { posted, held } = state.accounts.get(hold.payer)!;
  return leastOf(left, posted - held);
}

/** The same request is answered the same, however often it is asked for. */
function standingOf({ standing, cost, taken, wasOpen }: ModelRequest): ModelAnswer {
  if (standing === "waiting") return { outcome: "waiting", paid: 0n };
  if (standing === "reversed") return { outcome: "unpaid", paid: 0n };
  if (taken < cost) return { outcome: wasOpen ? "budget_exhausted" : "unpaid", paid: taken };
  return { outcome: standing, paid: taken };
}

const isSameLine = (left: ModelLine, right: ModelLine): boolean => textOf(left) === textOf(right);
/** Whether it also names a retry does not make it another word. */
const isSameWord = (left: ModelWord, right: ModelWord): boolean =>
  textOf({ ...left, retryOf: null }) === textOf({ ...right, retryOf: null });

const textOf = (value: object): string =>
  JSON.stringify(value, (_name, part: unknown) => (typeof part === "bigint" ? `${part}n` : part));

function addVesting(state: ModelState, payee: string, amount: bigint): void {
  state.vesting.set(payee, state.vesting.get(payee)! + amount);
}

function newRequest(state: ModelState, hold: ModelHold, k: number): ModelRequest {
  const { id, payer, payee } = hold;
  const request: ModelRequest = {
    ...{ hold: id, k, payer, payee, line: undefined, word: undefined, standing: "waiting" },
    ...{ cost: 0n, taken: 0n, starter: 0n, wasOpen: true, arrival: 0, arrivedAt: 0, vestsAt: 0 },
  };
  hold.requests.set(k, request);
  return request;
}
