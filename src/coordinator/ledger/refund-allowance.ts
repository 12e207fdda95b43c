/** How much a requester may still get back. Pure. */
import { divideDown, microPerCredit, type Micro } from "../../protocol/credits.ts";
import type { RefundAllowance } from "./book.ts";

/** How many of a requester's latest paid requests are looked at. */
export const recentRequests = 50;
const refundPercent = 2n;

/** The latest paid requests, and those of them that were given back. */
export interface RecentRequests {
  requests: bigint;
  credits: Micro;
  back: bigint;
  returned: Micro;
}

export function allowanceOf({
  requests,
  credits,
  back,
  returned,
}: RecentRequests): RefundAllowance {
  const share = (amount: bigint) => divideDown(amount * refundPercent, 100n);
  const most = (left: bigint, right: bigint) => (left > right ? left : right);
  return {
    requests: Number(most(1n, share(requests)) - back),
    credits: most(microPerCredit, share(credits)) - returned,
  };
}
