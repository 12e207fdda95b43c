/** The role's own flags, as they stand behind `--`: which may stand there, and files named from the root on. */
import { resolve } from "node:path";
import type { ServiceRole } from "../../../host/service/service.ts";
import { TroopError } from "../../../protocol/error-codes.ts";

/** What is ours to set, or must not be read by everybody. */
const notForWords = /^--(invite|data|coordinator|json)(=|$)/;

/** Flags that name a file. */
export const fileFlags: Readonly<Record<ServiceRole, readonly string[]>> = {
  worker: ["--model"],
  coordinator: [],
  up: ["--socket"],
};

/**
 * A service starts in a folder of its manager's, not where it was installed from.
 * @throws TroopError `usage`
 */
export function roleWords(role: ServiceRole, words: readonly string[]): string[] {
  checkWords(words);
  return words.map((word, index) => {
    if (fileFlags[role].includes(words[index - 1] ?? "")) return resolve(word);
    const flag = fileFlags[role].find((name) => word.startsWith(`${name}=`));
    return flag ? `${flag}=${resolve(word.slice(flag.length + 1))}` : word;
  });
}

function checkWords(words: readonly string[]): void {
  const wrong = words.find((word) => notForWords.test(word));
  if (wrong?.startsWith("--invite"))
    throw new TroopError("usage", "A service's command line is read by everybody; join first.", {
      details: { run: "troop worker --invite <code>" },
    });
  if (wrong) throw new TroopError("usage", `${wrong} goes before the --, if anywhere.`);
  const [first] = words;
  if (first !== undefined && !first.startsWith("-"))
    throw new TroopError("usage", `Behind -- go flags of the role; ${first} is none.`);
}
