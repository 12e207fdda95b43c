/**
 * `troop nodes pins`, `accept` and `forget`: who vouched for the nodes that were asked from here. The sidecar reads
 * the same file with each ticket, so that what is changed here holds for the next one, also while it runs.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createPinsStore, type PinsStore } from "../../client/sealing/pins-store.ts";
import { ensureFolder } from "../../host/folders.ts";
import { openLocalDatabase } from "../../host/local-database.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { thumbprintText } from "../../protocol/ids.ts";
import type { CommandContext } from "../context.ts";

const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

export async function showPins({ output, config }: CommandContext): Promise<void> {
  const pins = existsSync(join(config.dataFolder, "client", "client.sqlite"))
    ? withPins(config.dataFolder, (store) => store.all())
    : [];
  if (pins.length === 0) output.say("No node has been asked from here yet. Try: troop up");
  else
    output.table(
      ["node", "owner", "since"],
      pins.map(({ node, owner, since }) => [node, owner, day(since)]),
    );
  output.json({
    pins: pins.map(({ node, owner, since, key }) => ({
      ...{ node, owner, since },
      key: key ? { kid: key.kid, from: key.from } : null,
    })),
  });
}

export async function acceptPin(
  { output, config, clock }: CommandContext,
  { node, owner }: { node: string; owner: string },
): Promise<void> {
  checkId(node, "The node");
  checkId(owner, "The owner");
  const former = withPins(config.dataFolder, (store) => {
    const known = store.find(node);
    store.accept(node, owner, clock.now());
    return known?.owner;
  });
  const instead = former && former !== owner ? `, no longer ${former}'s` : "";
  output.say(`Accepted: ${owner}'s word for node ${node}${instead}.`);
  output.json({ node, owner, former: former ?? null });
}

export async function forgetPin(
  { output, config }: CommandContext,
  { node }: { node: string },
): Promise<void> {
  checkId(node, "The node");
  const wasKnown = withPins(config.dataFolder, (store) => store.forget(node));
  output.say(
    wasKnown
      ? `Forgotten: ${node}. Whoever vouches for it next is believed.`
      : `Nothing is remembered of ${node}. What is, is listed by: troop nodes pins`,
  );
  output.json({ node, forgotten: wasKnown });
}

function withPins<Result>(dataFolder: string, use: (store: PinsStore) => Result): Result {
  using database = openLocalDatabase(ensureFolder(join(dataFolder, "client")), "client.sqlite");
  return use(createPinsStore(database));
}

function checkId(text: string, what: string): void {
  if (thumbprintText.safeParse(text).success) return;
  throw new TroopError(
    "usage",
    `${what} is an id of 43 characters, as \`troop nodes pins --json\` prints it.`,
    { details: { run: "troop nodes pins" } },
  );
}
