/** Whether this Node is one that Monkey Troop runs on. */
import { type Found, ok, problem, warning } from "./finding.ts";

/** node:sqlite without a flag, and types stripped without one: what `bin/troop.mjs` asks for. */
const oldest = [22, 18] as const;

/** @param version as `process.version` */
export function judgeNode(version: string): Found[] {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const install = "curl -I https://nodejs.org/en/download    (install Node 24 from there)";
  if (major < oldest[0] || (major === oldest[0] && minor < oldest[1]))
    return [problem("node_too_old", `Node ${version} is older than 22.18.`, install)];
  if (major % 2 === 1)
    return [warning("node_short_lived", `Node ${version} gets no fixes for long.`, install)];
  return [ok("node_supported", `Node ${version}.`)];
}

export const checkNode = (): Found[] => judgeNode(process.version);
