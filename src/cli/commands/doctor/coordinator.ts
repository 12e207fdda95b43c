/** Whether the coordinator answers, and is one that we can talk to. */
import { packageVersion } from "../../../host/package.ts";
import { shellWord } from "../../../host/shell-word.ts";
import type { CoordinatorFacts, Desk } from "./desk.ts";
import { type Found, ok, problem, warning } from "./finding.ts";

/** Before 1.0 the wire may change between minor versions. */
const wireOf = (version: string) => {
  const [major, minor] = version.split(".");
  return major === "0" ? `0.${minor}` : major;
};

/** @param own this package's version */
export function judgeCoordinator(facts: CoordinatorFacts, own: string): Found[] {
  switch (facts.kind) {
    case "unnamed":
      return [
        {
          ...warning(
            "coordinator_unnamed",
            facts.reason,
            "troop doctor --coordinator http://127.0.0.1:8000",
          ),
          // It may quote a URL that is none.
          isPrivate: true,
        },
      ];
    case "away":
      return [
        {
          ...problem(
            "coordinator_unreachable",
            `The coordinator ${facts.url} does not answer: ${facts.reason}`,
            `curl ${shellWord(`${facts.url}/health`)}`,
          ),
          // Systems and TLS name hosts in their reasons.
          isPrivate: true,
        },
      ];
    case "answers":
      if (wireOf(facts.version) !== wireOf(own))
        return [
          problem(
            "coordinator_other_version",
            `The coordinator speaks for version ${facts.version}, and this is ${own}.`,
            `npm install --global monkey-troop@${wireOf(facts.version)}`,
          ),
        ];
      return facts.isStopping
        ? [warning("coordinator_stopping", `${facts.url} is about to stop.`, "troop status")]
        : [ok("coordinator_answers", `${facts.url} answers, version ${facts.version}.`)];
    default:
      return facts satisfies never;
  }
}

export const checkCoordinator = ({ coordinator }: Desk): Found[] =>
  judgeCoordinator(coordinator, packageVersion);
