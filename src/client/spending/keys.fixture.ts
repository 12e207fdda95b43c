/** Keys of applications, as `troop keys` makes them while a sidecar runs. */
import { systemRandom } from "../../base/random.ts";
import { openLocalDatabase } from "../../host/local-database.ts";
import { type Caps, noCaps } from "./caps.ts";
import { createKeysStore } from "./keys-store.ts";

/** @returns the key. @param folder the sidecar's */
export function addKey(folder: string, name: string, caps: Partial<Caps> = {}): string {
  using database = openLocalDatabase(folder, "client.sqlite");
  return createKeysStore(database).add(name, { ...noCaps, ...caps }, 0, systemRandom)!;
}

export function removeKey(folder: string, name: string): void {
  using database = openLocalDatabase(folder, "client.sqlite");
  createKeysStore(database).remove(name);
}
