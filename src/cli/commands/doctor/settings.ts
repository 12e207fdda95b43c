/** Whether what the settings file says is read: a cap that is misspelt caps nothing. */
import { unreadSettings } from "../../../host/known-settings.ts";
import { settingsFile } from "../../../host/settings-file.ts";
import { shellWord } from "../../../host/shell-word.ts";
import type { Desk } from "./desk.ts";
import { type Found, ok, warning } from "./finding.ts";

export function judgeSettings(path: string, unread: readonly string[]): Found[] {
  if (unread.length === 0) return [ok("settings_known", "No name that is no setting.")];
  return unread.map((name) => ({
    ...warning(
      "setting_unknown",
      `${name} in ${path} is no setting: is it misspelt? docs/configuration.md has all.`,
      `grep -n ${shellWord(name)} ${shellWord(path)}`,
    ),
    // The owner's own word, whatever it is.
    isPrivate: true,
  }));
}

export const checkSettings = ({ context: { config } }: Desk): Found[] =>
  judgeSettings(settingsFile(config.dataFolder), unreadSettings(config.dataFolder));
