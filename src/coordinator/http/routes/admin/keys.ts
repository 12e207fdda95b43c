/** `/admin/keys`: the ring of keys that sign tickets. `/admin/account-keys`: a user's key that is cut off. */
import { z } from "zod";
import { type KeyRingAnswer, keyRingAnswer, revocationAnswer } from "../../../../protocol/admin.ts";
import { thumbprintText } from "../../../../protocol/ids.ts";
import type { Administration } from "../../../admin/administration.ts";
import { ringAt } from "../../../tickets/ring-rules.ts";
import { readRing } from "../../../tickets/ring-store.ts";
import type { App } from "../../services.ts";

export function keysRoutes(app: App, administration: Administration): void {
  const { database, clock, cutOff, keyRing } = administration;

  async function read(): Promise<KeyRingAnswer> {
    const keys = (await readRing(database)).filter(({ purpose }) => purpose === "ticket");
    if (keys.length === 0) return { keys: [] };
    const { signing, published } = ringAt(keys, clock.now());
    return {
      keys: keys.map((key) => ({
        ...{ number: key.number, used_from: key.usedFrom },
        state: stateOf(key === signing, published.includes(key), key.usedFrom > clock.now()),
      })),
    };
  }

  app.get(
    "/admin/keys",
    { config: { need: "read" }, schema: { hide: true, response: { 200: keyRingAnswer } } },
    read,
  );
  app.post(
    "/admin/keys/rotate",
    {
      config: { need: "own", act: "rotate_keys" },
      schema: { hide: true, response: { 200: keyRingAnswer } },
    },
    async () => {
      await keyRing.rotate();
      return read();
    },
  );
  app.post(
    "/admin/account-keys/:id/revoke",
    {
      config: { need: "handle", act: "revoke_key" },
      schema: {
        ...{ hide: true, params: z.strictObject({ id: thumbprintText }) },
        response: { 200: revocationAnswer },
      },
    },
    async ({ params: { id } }) => cutOff.key(id),
  );
}

const stateOf = (
  isSigning: boolean,
  isPublished: boolean,
  isNext: boolean,
): KeyRingAnswer["keys"][number]["state"] =>
  isSigning ? "signing" : isNext ? "next" : isPublished ? "published" : "over";
