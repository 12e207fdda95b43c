/** Which settings of the shell that installs a service go with it: those that its role reads, and no others. */
import { resolve } from "node:path";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Environment } from "../env.ts";
import type { ServiceRole } from "./service.ts";

export interface ServiceSettings {
  settings: Record<string, string>;
  /** Files that hold secrets, by the setting whose `_FILE` names them. */
  secretFiles: Record<string, string>;
}

/** As `.env.example` heads them: that file lists every setting there is, which a test sees to. */
const headings: Readonly<Record<ServiceRole, string>> = {
  worker: "Worker",
  coordinator: "Coordinator",
  up: "Client",
};

/** The service has folders of its own, and no terminal. */
const notCarried = /^(DATA_DIR|XDG_\w+|NO_COLOR)$/;
/** Read by Node and by libraries, for whoever is behind a proxy or a certificate of their own. */
const foreign = ["HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS"];
/** Settings that name a file. */
const files: ReadonlySet<string> = new Set(["NODE_EXTRA_CA_CERTS", "PROXY_SOCKET"]);

/** @param example the text of `.env.example` */
export function settingNames(example: string, role: ServiceRole): string[] {
  const wanted = ["Everywhere", "OpenTelemetry", headings[role]];
  let isWanted = false;
  const names = example.split("\n").flatMap((line) => {
    const heading = /^# (\w+)$/.exec(line)?.[1];
    if (heading) isWanted = wanted.includes(heading);
    const name = /^#?([A-Z][A-Z0-9_]*)=/.exec(line)?.[1];
    return isWanted && name && !notCarried.test(name) ? [name] : [];
  });
  // The client's coordinator is named under the worker's settings.
  const coordinator = role === "coordinator" ? [] : ["COORDINATOR_URL"];
  return [...new Set([...names, ...coordinator, ...foreign])];
}

/**
 * Files are named from the root on: a service starts in a folder of its manager's.
 * @param names settings that the role reads
 * @throws TroopError `configuration_invalid` where a value does not fit into a line
 */
export function carriedSettings(
  environment: Environment,
  names: readonly string[],
): ServiceSettings {
  const carried: ServiceSettings = { settings: {}, secretFiles: {} };
  for (const name of names) {
    const file = environment[`${name}_FILE`];
    const value = environment[name];
    if (file) carried.secretFiles[name] = inOneLine(`${name}_FILE`, resolve(file));
    else if (value)
      carried.settings[name] = inOneLine(name, files.has(name) ? resolve(value) : value);
  }
  return carried;
}

function inOneLine(name: string, value: string): string {
  // Control characters end a line, or are invisible in it.
  // oxlint-disable-next-line no-control-regex
  if (!/[\u0000-\u001f\u007f]/.test(value)) return value;
  throw new TroopError(
    "configuration_invalid",
    `${name} holds a line end or a control character.`,
    {
      param: name,
    },
  );
}
