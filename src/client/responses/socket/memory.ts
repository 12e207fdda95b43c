/** The last answers of one connection, for it to go on from: also those that are not kept. They go with it. */
import { boundedMap } from "../../../base/bounded-map.ts";
import type { Item } from "../../dialects/responses/items.ts";
import { responseLimits } from "../limits.ts";
import type { Memory } from "../prepare.ts";

export function createMemory(most: number = responseLimits.socketRemembersMost): Memory {
  const conversations = boundedMap<string, readonly Item[]>(most);
  return {
    conversation: (id) => conversations.get(id),
    item(id) {
      for (const items of conversations.values()) {
        const found = items.find((item) => item.id === id);
        if (found) return found;
      }
      return undefined;
    },
    remember: (id, conversation) => conversations.set(id, conversation),
  };
}
