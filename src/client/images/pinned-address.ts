/** Where a name leads, looked up once: the connection goes to the very addresses that were judged. */
import { isIP, type LookupFunction } from "node:net";
import { TroopError } from "../../protocol/error-codes.ts";

export interface Address {
  address: string;
  family: number;
}

/** All addresses of a name. Rejects where there are none. */
export type Resolve = (name: string) => Promise<Address[]>;

/**
 * @param host of a URL
 * @throws TroopError `image_unavailable` where one of them may not be asked: a name that leads to both is a trap
 */
export async function addressesOf(
  host: string,
  resolve: Resolve,
  isAllowed: (address: string) => boolean,
): Promise<Address[]> {
  const name = host.replace(/^\[|\]$/g, "");
  const family = isIP(name);
  const addresses = family === 0 ? await found(name, resolve) : [{ address: name, family }];
  if (!addresses.every(({ address }) => isAllowed(address)))
    throw new TroopError("image_unavailable", "The image is not at a public address.");
  return addresses;
}

async function found(name: string, resolve: Resolve): Promise<Address[]> {
  const addresses = await resolve(name).catch(() => []);
  if (addresses.length > 0) return addresses;
  throw new TroopError("image_unavailable", "The name of the image's server leads nowhere.");
}

/** Instead of the system's resolver, which may say something else the second time. Not asked for a bare address. */
export const pinnedTo =
  (addresses: readonly Address[]): LookupFunction =>
  (_name, options, callback) => {
    const [first] = addresses;
    if (options.all) callback(null, [...addresses]);
    else callback(null, first!.address, first!.family);
  };
