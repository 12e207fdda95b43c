/** `troop bugreport`: what somebody who helps needs to know, in a file to be read before it is sent. Nothing is sent. */
import { writeFileSync } from "node:fs";
import { availableParallelism, homedir, hostname, release, totalmem, userInfo } from "node:os";
import { resolve } from "node:path";
import { knownSettings } from "../../host/known-settings.ts";
import { packageFolder, packageVersion } from "../../host/package.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { type CommandContext, coordinatorUrl } from "../context.ts";
import { reportedFinding } from "./bugreport/findings.ts";
import { reportedLine, type ReportedLine } from "./bugreport/log-lines.ts";
import { createRedactor, type Redact } from "./bugreport/redactor.ts";
import { secretsIn, shownSettings } from "./bugreport/settings.ts";
import { examine } from "./doctor/examine.ts";
import { real } from "./doctor/place.ts";
import { sourcesOf } from "./logs.ts";

export interface BugreportFlags {
  data?: string;
  output?: string;
}

const linesMost = 200;

export async function bugreport(context: CommandContext, flags: BugreportFlags): Promise<void> {
  const { output, clock } = context;
  const day = new Date(clock.now()).toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
  const path = resolve(flags.output ?? `troop-bugreport-${day}.json`);
  if (!path.endsWith(".json"))
    throw new TroopError(
      "usage",
      "--output takes a file whose name ends in .json: one can read it.",
    );
  const report = await makeReport(context, flags);
  for (const line of contents(report)) output.note(line);
  write(path, `${JSON.stringify(report, null, 2)}\n`);
  output.say(`Written to ${output.bold(path)}. Nothing was sent.`);
  output.say("Read it, and attach it where you ask for help.");
  output.json({ file: path, findings: report.doctor.length, log_lines: report.logs.length });
}

type Report = Awaited<ReturnType<typeof makeReport>>;

async function makeReport(context: CommandContext, flags: BugreportFlags) {
  const { environment, clock } = context;
  const redact = createRedactor({
    ...{ home: homedir(), user: userName(), host: hostname().split(".")[0]! },
    ...{ secrets: secretsIn(environment), hosts: hostsOf(context), folders: foldersOf(context) },
  });
  const findings = await examine(context);
  return {
    made_at: new Date(clock.now()).toISOString(),
    troop: packageVersion,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    system: redact(release()),
    cores: availableParallelism(),
    memory_bytes: totalmem(),
    settings: shownSettings(environment, knownSettings()),
    doctor: findings.map((finding) => reportedFinding(finding, redact)),
    logs: await lastLines(context, flags, redact),
  };
}

/** The coordinator's, as it was named: it need not be a URL that we would use. */
function hostsOf(context: CommandContext): string[] {
  const named = [context.config.coordinatorUrl];
  try {
    named.push(coordinatorUrl(context));
  } catch {
    // None is named, or it is none to trust.
  }
  return named.flatMap((url = "") => {
    const host = URL.parse(url)?.hostname ?? /^[\w.-]+/.exec(url)?.[0];
    return host ? [host] : [];
  });
}

/** They may be named after whomever the machine is for. */
function foldersOf({ config }: CommandContext): [string, string][] {
  const named: [string, string][] = [
    [config.dataFolder, "<data folder>"],
    [config.cacheFolder, "<cache folder>"],
    [packageFolder, "<program folder>"],
  ];
  return named.flatMap(([path, instead]) =>
    [...new Set([path, resolve(path), real(path)])].map((way): [string, string] => [way, instead]),
  );
}

async function lastLines(
  context: CommandContext,
  flags: BugreportFlags,
  redact: Redact,
): Promise<ReportedLine[]> {
  const found = await Promise.all(
    sourcesOf(context, flags).map(async ({ role, last }) => {
      try {
        return (await last(linesMost, 0)).map((record) => ({ role, record }));
      } catch (error) {
        // A journal that only root reads; the rest is worth sending all the same.
        if (!(error instanceof TroopError)) throw error;
        context.output.note(`The log of ${role} is left out: ${error.message}`);
        return [];
      }
    }),
  );
  return found
    .flat()
    .sort((a, b) => (a.record.time ?? 0) - (b.record.time ?? 0))
    .slice(-linesMost)
    .map(({ role, record }) => reportedLine(role, record, redact));
}

function contents({ settings, doctor, logs }: Report): string[] {
  const names = Object.keys(settings);
  return [
    "The report holds, and nothing else:",
    "  versions of troop, Node and the system; processors and memory",
    `  settings: ${names.length === 0 ? "none is set" : names.join(", ")} (secrets as "set", addresses by kind)`,
    `  what troop doctor finds, ${doctor.length} lines`,
    `  the last ${logs.length} lines of logs: our own sentences, codes and numbers; ids and addresses under other names`,
    "It holds no prompt, answer, ticket, key, user name or home folder.",
  ];
}

const userName = (): string => {
  try {
    return userInfo().username;
  } catch {
    // A user whom the system has no name for.
    return "";
  }
};

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === "EEXIST";
    const reason = isThere ? "is there already" : "cannot be written";
    throw new TroopError("usage", `${path} ${reason}.`, { cause: isThere ? undefined : error });
  }
}
