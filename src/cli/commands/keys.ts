/**
 * `troop keys add`, `list` and `remove`: keys that applications are known by. The local API reads the same file with
 * each request, so that what is changed here holds for the next one, also while it runs.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { noCaps } from "../../client/spending/caps.ts";
import { readCapFlag } from "../../client/spending/config.ts";
import { createKeysStore, type KeysStore } from "../../client/spending/keys-store.ts";
import { createSpendingStore, type SpendingStore } from "../../client/spending/spending-store.ts";
import { readSpending } from "../../client/spending/status.ts";
import { ensureFolder } from "../../host/folders.ts";
import { openLocalDatabase } from "../../host/local-database.ts";
import { formatCredits, type Micro } from "../../protocol/credits.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { CommandContext } from "../context.ts";
import { standingText } from "../spending-text.ts";

const nameForm = /^[A-Za-z0-9][\w.-]{0,63}$/;

const creditsOf = (cap: Micro | undefined) => (cap === undefined ? null : formatCredits(cap));
const day = (time: number): string => new Date(time).toISOString().slice(0, 10);

export async function addKey(
  { output, config, clock, random }: CommandContext,
  flags: { name: string; hourly?: string; daily?: string },
): Promise<void> {
  const { name } = flags;
  if (!nameForm.test(name))
    throw new TroopError("usage", "A key's name is up to 64 letters, digits, dots and dashes.", {
      details: { run: "troop keys add editor" },
    });
  const caps = {
    hourly: readCapFlag(flags.hourly, "--hourly"),
    daily: readCapFlag(flags.daily, "--daily"),
  };
  const key = withStores(config.dataFolder, ({ keys }) =>
    keys.add(name, caps, clock.now(), random),
  );
  if (key === undefined)
    throw new TroopError("usage", `There is a key of the name ${name} already.`, {
      details: { run: `troop keys remove ${name}` },
    });
  // Alone on stdout, so that it can go into a file or a variable.
  output.say(key);
  output.note(`Give it to the application as its API key. It is not shown again.`);
  output.json({ name, key, hourly: creditsOf(caps.hourly), daily: creditsOf(caps.daily) });
}

export async function listKeys({ output, config, clock }: CommandContext): Promise<void> {
  const hasFile = existsSync(join(config.dataFolder, "client", "client.sqlite"));
  const found = hasFile
    ? withStores(config.dataFolder, ({ keys, spending }) => {
        const known = keys.all();
        const now = clock.now();
        const { keys: stand } = readSpending({ store: spending, keys: known, caps: noCaps, now });
        return known.map(({ name, since }) => {
          const { hour, day: today } = stand.find((one) => one.name === name)!;
          return { name, since, hour, day: today };
        });
      })
    : [];
  if (found.length === 0) output.say("No application has a key. Try: troop keys add editor");
  else
    output.table(
      ["key", "since", "credits in the last hour", "in the last 24 hours"],
      found.map((key) => [key.name, day(key.since), standingText(key.hour), standingText(key.day)]),
    );
  output.json({ keys: found });
}

export async function removeKey(
  { output, config }: CommandContext,
  { name }: { name: string },
): Promise<void> {
  const wasThere = withStores(config.dataFolder, ({ keys }) => keys.remove(name));
  output.say(
    wasThere
      ? `Removed: ${name}. Where no key is asked for, the application is still served, as one without a name.`
      : `There is no key of the name ${name}. What there is, is listed by: troop keys list`,
  );
  output.json({ name, removed: wasThere });
}

interface Stores {
  keys: KeysStore;
  spending: SpendingStore;
}

function withStores<Result>(dataFolder: string, use: (stores: Stores) => Result): Result {
  using database = openLocalDatabase(ensureFolder(join(dataFolder, "client")), "client.sqlite");
  return use({ keys: createKeysStore(database), spending: createSpendingStore(database) });
}
