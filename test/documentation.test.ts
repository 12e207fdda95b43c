/** What a program answers, reads and serves is in its documentation, and the documentation names nothing else. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { errorCodes } from "../src/protocol/error-codes.ts";
import {
  commandsIn,
  fencedCommandsIn,
  mentionedIn,
  metricsIn,
  pathsMentionedIn,
  routesIn,
  tableCodesIn,
  variablesIn,
  variablesSetIn,
} from "./house-rules/documented.ts";
import { productionFiles, repository } from "./house-rules/source-files.ts";

const read = (path: string) => readFileSync(join(repository, path), "utf8");

// Read by Node and by libraries, not by us; listed so that people find them.
const foreignVariables = /^(OTEL_[A-Z_]+|HTTPS_PROXY|HTTP_PROXY|NO_PROXY|NODE_EXTRA_CA_CERTS)$/;

// Read to be handed on to a child process, to find its files or to know the terminal; nobody sets them for our sake.
const passedOn = /^(PATH|HOME|LD_LIBRARY_PATH|TERM|LANG|LC_ALL|LC_CTYPE)$/;

const missingFrom = (mentioned: ReadonlySet<string>, names: Iterable<string>) =>
  [...names].filter((name) => !mentioned.has(name));

describe("docs/errors.md", () => {
  test("lists every error code", () => {
    const mentioned = mentionedIn(read("docs/errors.md"));
    expect(missingFrom(mentioned, Object.keys(errorCodes))).toEqual([]);
  });

  test("gives each code the status it has, and no code that does not exist", () => {
    const statuses: Record<string, { status: number }> = errorCodes;
    const wrong = tableCodesIn(read("docs/errors.md")).filter(
      ({ code, status }) => statuses[code]?.status !== status,
    );
    expect(wrong).toEqual([]);
  });
});

describe("environment variables", () => {
  const variables = [...variablesIn(productionFiles())].filter((name) => !passedOn.test(name));

  test("all are in docs/configuration.md", () => {
    const mentioned = mentionedIn(read("docs/configuration.md"));
    expect(missingFrom(mentioned, variables)).toEqual([]);
  });

  test("all are in .env.example, and no others", () => {
    const offered = variablesSetIn(read(".env.example"));
    expect(missingFrom(offered, variables)).toEqual([]);
    const unread = missingFrom(new Set(variables), offered).filter(
      (name) => !foreignVariables.test(name),
    );
    expect(unread).toEqual([]);
  });
});

test("docs/api.md lists every route that the coordinator, the worker and the client serve", () => {
  const routes = routesIn(productionFiles());
  expect(routes.size).toBeGreaterThan(0);
  expect(missingFrom(pathsMentionedIn(read("docs/api.md")), routes)).toEqual([]);
});

test("docs/metrics.md lists every metric, and no others", () => {
  const names = metricsIn(productionFiles());
  const mentioned = read("docs/metrics.md").match(/\b(?:troop|process)_[a-z_]+/g) ?? [];
  expect(names.size).toBeGreaterThan(20);
  expect(missingFrom(new Set(mentioned), names)).toEqual([]);
  expect(missingFrom(names, mentioned)).toEqual([]);
});

describe("commands shown in README.md and CONTRIBUTING.md", () => {
  const shown = ["README.md", "CONTRIBUTING.md"].flatMap((path) =>
    existsSync(join(repository, path)) ? fencedCommandsIn(read(path)) : [],
  );

  test("there are some", () => {
    expect(shown.length).toBeGreaterThan(0);
  });

  test("npm scripts exist", () => {
    const manifest: { scripts: Record<string, string> } = JSON.parse(read("package.json"));
    const scripts = shown.flatMap(
      (command) =>
        /^npm (?:run )?(?!ci\b|i\b|install\b|pack\b|run\b)([\w:-]+)/.exec(command)?.[1] ?? [],
    );
    expect(missingFrom(new Set(Object.keys(manifest.scripts)), scripts)).toEqual([]);
  });

  test("troop's commands exist", () => {
    const commands = shown.flatMap(
      (command) => /^(?:npx |bin\/)?troop(?:\.mjs)? ([a-z][\w-]*)/.exec(command)?.[1] ?? [],
    );
    expect(missingFrom(commandsIn(productionFiles()), commands)).toEqual([]);
  });

  test("scripts exist", () => {
    const scripts = shown.flatMap(
      (command) =>
        /^(?:node |bash )?((?:\.ci|tools|bench|examples|bin)\/[\w./-]+)/.exec(command)?.[1] ?? [],
    );
    expect(scripts.filter((path) => !existsSync(join(repository, path)))).toEqual([]);
  });
});
