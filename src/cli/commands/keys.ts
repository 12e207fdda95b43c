/**
 * `troop keys add`, `list`, `cap` and `remove`: keys that applications are known by. The local API reads the same file with
 * each request, so that what is changed here holds for the next one, also while it runs.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Caps, noCaps, type Window, windows } from "../../client/spending/caps.ts";
import { readCapFlag } from "../../client/spending/config.ts";
import { createKeysStore, type KeysStore } from "../../client/spending/keys-store.ts";
import { shortCredits } from "../../client/spending/refusal.ts";
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
const creditsOfAll = ({ hourly, daily }: Caps) => ({
  ...{ hourly: creditsOf(hourly), daily: creditsOf(daily) },
});
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
  output.json({ name, key, ...creditsOfAll(caps) });
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

export interface CapFlags extends Partial<Record<Window, string>> {
  name: string;
}

/** What is not named stays as it is. */
export async function capKey({ output, config }: CommandContext, flags: CapFlags): Promise<void> {
  const { name } = flags;
  if (windows.every((window) => flags[window] === undefined))
    throw new TroopError("usage", "Which cap? Name --hourly or --daily, or both.", {
      details: { run: "troop keys cap --help" },
    });
  const { before, after } = withStores(config.dataFolder, ({ keys }) => {
    const before = keys.find(name)?.caps;
    if (!before)
      throw new TroopError("not_found", `There is no key of the name ${name}.`, {
        details: { run: "troop keys list" },
      });
    const after: Caps = {
      hourly: changedCap(before.hourly, flags.hourly, "--hourly"),
      daily: changedCap(before.daily, flags.daily, "--daily"),
    };
    keys.setCaps(name, after);
    return { before, after };
  });
  output.say(`${name} may spend ${capsText(after)} from its next request on.`);
  const flagsBefore = windows
    .filter((window) => flags[window] !== undefined)
    .map(
      (window) =>
        ` --${window} ${before[window] === undefined ? noCap : shortCredits(before[window])}`,
    );
  output.say(`Undo:   troop keys cap ${name}${flagsBefore.join("")}`);
  output.json({ name, ...creditsOfAll(after), before: creditsOfAll(before) });
}

const noCap = "none";

const changedCap = (before: Micro | undefined, text: string | undefined, flag: string) => {
  if (text === undefined) return before;
  return text === noCap ? undefined : readCapFlag(text, flag);
};

function capsText({ hourly, daily }: Caps): string {
  const parts = [
    ...(hourly === undefined ? [] : [`${shortCredits(hourly)} credits in any hour`]),
    ...(daily === undefined ? [] : [`${shortCredits(daily)} in any 24 hours`]),
  ];
  return parts.length > 0 ? parts.join(" and ") : "what all applications together may";
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
