/** Ids of the ledger's own accounts. A user's account is named by the thumbprint of its first key. */

export const issuance = "issuance";
export const faucet = "faucet";
export const commons = "commons";

export const vestingPrefix = "vesting:";

/** Where a provider's earnings wait that nobody has acknowledged yet. */
export const vestingOf = (account: string): string => vestingPrefix + account;
