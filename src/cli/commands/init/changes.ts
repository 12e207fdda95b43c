/** What `troop init` changes in the file of settings: its own lines, and no others. */
import type { Settings } from "../../../host/settings-file.ts";
import { isSecretSetting } from "../../../host/secret-settings.ts";
import type { Answers } from "./answers.ts";

/** Settings that `init` writes, and `init --reset` takes back. */
const own = ["COORDINATOR_URL", "ROLES", "LEND_TO", "OWNER_SCHEDULE"] as const;

export const withoutOwn = (settings: Settings): Settings =>
  Object.fromEntries(
    Object.entries(settings).filter(([name]) => !(own as readonly string[]).includes(name)),
  );

/** Others' lines stay; hours that were given before stay while something is lent. */
export function settingsOf(answers: Answers, before: Settings): Settings {
  const { coordinator, roles, lendTo } = answers;
  const schedule = answers.schedule ?? before["OWNER_SCHEDULE"];
  return {
    ...{ COORDINATOR_URL: coordinator, ROLES: roles },
    ...(lendTo && { LEND_TO: lendTo }),
    ...(lendTo && schedule && { OWNER_SCHEDULE: schedule }),
    ...withoutOwn(before),
  };
}

/** A line for each setting that is added, changed or taken away. */
export function changedLines(before: Settings, after: Settings): string[] {
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])];
  return names.flatMap((name) => {
    const [old, next] = [before[name], after[name]];
    if (old === next) return [];
    const shown = (value: string) => (isSecretSetting(name) ? "(not shown)" : value);
    return [
      ...(old === undefined ? [] : [`  - ${name}=${shown(old)}`]),
      ...(next === undefined ? [] : [`  + ${name}=${shown(next)}`]),
    ];
  });
}
