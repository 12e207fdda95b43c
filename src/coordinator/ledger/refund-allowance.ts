/** How much a requester may get back of answers that never came. Pure. */
import { divideDown, microPerCredit, type Micro } from "../../protocol/credits.ts";
import type { PaidRequest } from "./book.ts";

/** How many of a requester's latest paid requests are looked at, the one asked about aside. */
export const recentRequests = 50;
const refundPercent = 2n;

const sumOf = (requests: readonly PaidRequest[]): Micro =>
  requests.reduce((sum, { paid }) => sum + paid, 0n);
const share = (amount: bigint): bigint => divideDown(amount * refundPercent, 100n);
const most = (left: bigint, right: bigint): bigint => (left > right ? left : right);
const least = (left: bigint, right: bigint): bigint => (left < right ? left : right);

/**
 * One request in fifty, and 2 % of what the others really cost; until there are fifty, one request of the others'
 * mean cost, a credit at most. A floor that did not follow what was paid would come anew with every fifty requests,
 * cheap as they might be (ADR 49).
 * @param recent newest first
 * @param name of the request asked about, among them or not
 */
export function mayGiveBack(recent: readonly PaidRequest[], name: string, amount: Micro): boolean {
  const others = recent.filter((request) => request.name !== name).slice(0, recentRequests);
  const back = others.filter(({ isBack }) => isBack);
  const kept = others.filter(({ isBack }) => !isBack);
  const cost = sumOf(kept);
  const mean = kept.length === 0 ? 0n : divideDown(cost, BigInt(kept.length));
  const requests = most(1n, share(BigInt(others.length)));
  const credits = most(share(cost), least(microPerCredit, mean));
  return BigInt(back.length) + 1n <= requests && sumOf(back) + amount <= credits;
}
