/** Every command that people are told to type is one: read by the commands themselves, flags included. */
import { type Command, CommanderError } from "commander";
import { PassThrough, Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { productionFiles } from "../../test/house-rules/source-files.ts";
import { type ErrorCode, errorCodes, TroopError } from "../protocol/error-codes.ts";
import { buildProgram } from "./cli.ts";
import { failureLines, failureOf } from "./failure.ts";

const surroundings = {
  terminal: { stdin: Readable.from([]), stdout: new PassThrough(), stderr: new PassThrough() },
  environment: {},
  shutdown: new AbortController().signal,
};

const withInner = (command: Command): Command[] => [
  command,
  ...command.commands.flatMap(withInner),
];
const nameOf = (command: Command): string =>
  command.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();

/** Commands of others that are told to people. */
const others =
  /^(sudo )?(npm|find|sleep|chmod|rm|mv|ls|curl|kill|journalctl|tailscale|apt|brew|pip|sh)\b/;

/** What is wrong with a line that somebody is to type; undefined where it could be typed. */
async function complaintAbout(line: string): Promise<string | undefined> {
  const [typed = ""] = line.split(/ {3,}\(/);
  for (const part of typed.split(" && ")) {
    const plain = part.replace(/^(sudo )?([A-Z_]+=\S+ )?/, "");
    const [first, ...words] = plain.match(/(?:<[^>]*>|'[^']*'|"[^"]*"|[^\s'"<])+/g) ?? [];
    if (first !== "troop") {
      if (!others.test(part)) return `${part} is no command that is known here`;
      continue;
    }
    const program = buildProgram(surroundings, []);
    for (const each of withInner(program).slice(1))
      if (each.commands.length === 0 || each.registeredArguments.length > 0 || !isGroup(each))
        each.action(() => undefined);
    try {
      await program.parseAsync(words, { from: "user" });
    } catch (error) {
      if (!(error instanceof CommanderError) || error.exitCode !== 0)
        return (error as Error).message;
    }
  }
  return undefined;
}

/** It does nothing by itself: one of its commands must be named. */
/** The options of `troop admin` are for all of its commands. */
const isGroup = (command: Command) =>
  command.options.length === 0 || nameOf(command) === "troop admin";

/** Where a code is met, if not while chatting. */
const metBy: Partial<Record<ErrorCode, string[]>> = {
  port_taken: ["up", "--port", "9000"],
  settings_changed: ["launch", "codex", "--restore"],
  service_failed: ["service", "install", "worker"],
};

describe("each failure has a reason, a cause, and one command that exists", () => {
  test.each(Object.keys(errorCodes) as ErrorCode[])("%s", async (code) => {
    const cause = "what lies beneath";
    const error = new TroopError(code, "What went wrong.", { cause: new Error(cause) });
    const argv = metBy[code] ?? ["chat", "--model", "m"];
    const failure = failureOf(error, { argv, environment: {} });
    expect(failure).toMatchObject({ code, reason: "What went wrong.", cause });
    expect(failureLines(failure)).toEqual([
      `error: ${code}: What went wrong.`,
      `cause: ${cause}`,
      `try:   ${failure.run}`,
    ]);
    const bare = failureOf(new TroopError(code), { argv, environment: {} });
    expect(bare.reason).toBe(errorCodes[code].text);
    expect(["", bare.reason]).not.toContain(bare.cause);
    expect(await complaintAbout(failure.run)).toBeUndefined();
  });
});

test.each([
  "troop bogus",
  "troop up --bogus",
  "troop account",
  "troop gift somebody",
  "troop worker bogus",
  "troop status && troop service instal",
  "bogus",
])("`%s` could not be typed, and is found", async (line) => {
  expect(await complaintAbout(line)).toBeDefined();
});

/** Commands that stand whole in the program's texts: advice of single failures, and hints in what is printed. */
const toldCommands = () =>
  productionFiles()
    .filter(({ path }) => !path.endsWith("advice.ts"))
    .flatMap(({ text, path }) =>
      [...text.matchAll(/\brun:\s*["`](troop [^"`\n]*)["`]/g)].map(([, line = ""]) => ({
        ...{ path, line: line.replaceAll("${role}", "worker").replaceAll(/\$\{[^}]*\}/g, "x") },
      })),
    );

test("advice of single failures can be typed too", async () => {
  const told = toldCommands();
  expect(told.length).toBeGreaterThan(10);
  const complaints = await Promise.all(
    told.map(async ({ path, line }) => ({ path, line, complaint: await complaintAbout(line) })),
  );
  expect(complaints.filter(({ complaint }) => complaint !== undefined)).toEqual([]);
});

describe("help", () => {
  const commands = withInner(buildProgram(surroundings, []));

  test.each(commands.map((command) => [nameOf(command), command] as const))(
    "of %s shows an example that can be typed",
    async (_, command) => {
      let shown = "";
      command.configureOutput({ writeOut: (text) => (shown += text) });
      command.outputHelp();
      const lines = [...shown.matchAll(/^ {2}\$ (.*\btroop .*)$/gm)].map(([, line = ""]) => line);
      expect(lines.length).toBeGreaterThan(0);
      const typed = lines
        .map((line) => line.replace(/ [|>] .*$/, ""))
        .filter((line) => line.startsWith("troop"));
      const complaints = await Promise.all(typed.map(complaintAbout));
      expect(complaints.filter(Boolean)).toEqual([]);
    },
  );

  test("every command that does something has --json", () => {
    const doing = commands.filter((command) => !isGroup(command) || command.commands.length === 0);
    const silent = doing.filter(({ options }) => !options.some(({ long }) => long === "--json"));
    expect(silent.map(nameOf)).toEqual(["troop"]);
  });
});
