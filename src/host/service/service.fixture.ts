/** Services as somebody installs them. */
import { join } from "node:path";
import { packageFolder } from "../package.ts";
import {
  servicePaths,
  type ServiceRole,
  type ServiceScope,
  type ServiceSpec,
  systemFolders,
} from "./service.ts";

export function specOf(
  role: ServiceRole,
  scope: ServiceScope,
  more: Partial<ServiceSpec> = {},
): ServiceSpec {
  const home = "/home/ann";
  const folders =
    scope === "system"
      ? systemFolders
      : { dataFolder: `${home}/data of mine`, cacheFolder: `${home}/.cache/monkey-troop` };
  return {
    ...{ role, scope, words: [], secretFiles: {}, groups: ["render"], hasNamespaces: true },
    paths: servicePaths("systemd", role, scope, { home, configFolder: `${home}/.config` }),
    program: [process.execPath, join(packageFolder, "bin", "troop.mjs")],
    settings: { COORDINATOR_URL: "https://coordinator.example" },
    systemdVersion: 252,
    ...folders,
    ...more,
  };
}
