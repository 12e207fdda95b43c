/** The networks that this machine's interfaces are in now. */
import { networkInterfaces } from "node:os";

/** As `address/prefix`; a point-to-point interface is a network of one address. */
export const ownNetworks = (): string[] =>
  Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).flatMap(({ cidr }) => cidr ?? []),
  );
