/** How systemd wants to be told a word: in a unit (systemd.syntax(7)) and in a file of settings (EnvironmentFile=). */

/** One word of `ExecStart=`: specifiers and variables are not meant, so their signs are doubled. */
export function unitWord(text: string): string {
  const literal = text.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /^[\w@%+=:,./$-]+$/.test(literal) ? literal : quoted(literal);
}

/** A path in a setting that takes a list of them. */
export function unitPath(text: string): string {
  const literal = text.replaceAll("%", "%%");
  return /^[\w@%+=:,./$-]+$/.test(literal) ? literal : quoted(literal);
}

/** A setting that takes all there is up to the end of its line, where quotes would be part of the path. */
export const unitLine = (text: string): string => text.replaceAll("%", "%%");

/** `NAME=value` of `Environment=`, where `$` means itself. */
export const unitVariable = (name: string, value: string): string => unitPath(`${name}=${value}`);

const quoted = (text: string) => `"${text.replaceAll(/["\\]/g, "\\$&")}"`;

/** A line of the settings' file. Within its double quotes a backslash keeps these four from meaning anything. */
export const environmentLine = (name: string, value: string): string =>
  `${name}="${value.replaceAll(/["\\$`]/g, "\\$&")}"`;
