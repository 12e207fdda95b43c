/** The settings in force, as far as a stranger may know them. */
import { addressKind } from "../../../host/address-kind.ts";
import { coordinatorKind } from "../../../host/coordinator-url.ts";
import type { Environment } from "../../../host/env.ts";
import { readListenAddress } from "../../../host/listen.ts";
import { isSecretSetting } from "../../../host/secret-settings.ts";

/** Numbers and the words that settings are chosen from say nothing about anybody. */
const harmless =
  /^(\d{1,9}(\.\d{1,6})?|on|off|auto|manual|open|work|invite|loopback|private|public|silent|fatal|error|warn|info|debug|trace|own|troop|all|finish|stop)$/;

/** @param names of every setting there is */
export function shownSettings(
  environment: Environment,
  names: readonly string[],
): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const name of names) {
    const value = environment[name];
    if (environment[`${name}_FILE`]) shown[`${name}_FILE`] = "set";
    if (value) shown[name] = isSecretSetting(name) ? "set" : shownValue(value);
  }
  return shown;
}

function shownValue(value: string): string {
  if (harmless.test(value)) return value;
  const url = /^https?:\/\//.test(value) ? URL.parse(value) : null;
  if (url)
    return `${url.protocol}//<${coordinatorKind(url.href)}>${url.port ? `:${url.port}` : ""}`;
  const address = readListenAddress(value);
  if (address) return `<${addressKind(address.host) ?? "loopback"}>:${address.port}`;
  return "set";
}

/** Everything in `environment` that must not be in a report, whole and in parts. */
export function secretsIn(environment: Environment): string[] {
  return Object.entries(environment).flatMap(([name, value]) => {
    if (!value || !isSecretSetting(name)) return [];
    const { password = "", username = "" } = URL.parse(value) ?? {};
    return [value, decoded(password), password, decoded(username)].filter(
      (part) => part.length > 2,
    );
  });
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
