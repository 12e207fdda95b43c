/**
 * Log lines as a stranger may read them. Each is built anew from what is known to be harmless: our own sentence, codes,
 * numbers, ids under other names. Whatever somebody else has said (an engine, a coordinator, a tool) stays out.
 */
import { constants } from "node:os";
import type { LogRecord } from "../../../host/logs/log-record.ts";
import type { Redact } from "./redactor.ts";

export interface ReportedLine {
  role: string;
  time: string | null;
  level: number;
  msg: string;
  [field: string]: unknown;
}

const left = "<text>";
/** Fields whose strings are chosen from a list of ours. */
const chosen = new Set([
  "code",
  "verdict",
  "engine",
  "job",
  "version",
  "node_version",
  "path",
  "outcome",
  "reason",
]);
const isChosen = (text: string) => /^[a-z0-9_./-]{1,40}$/.test(text);
/** Ids, and addresses; the redactor has a stand-in for each. */
const isPlain = (text: string) => /^[\w.:/[\]-]{1,512}$/.test(text);

export function reportedLine(role: string, record: LogRecord, redact: Redact): ReportedLine {
  const { time, level, isOurs, fields } = record;
  const when = time === undefined ? null : new Date(time).toISOString();
  if (!isOurs) return { role, time: when, level, msg: left };
  const { msg, err, time: _time, level: _level, ...rest } = fields;
  return {
    ...Object.fromEntries(
      Object.entries(rest)
        .filter(([name]) => /^\w{1,32}$/.test(name))
        .map(([name, value]) => [name, fieldOf(name, value, redact)]),
    ),
    ...{ role, time: when, level, msg: typeof msg === "string" ? redact(msg) : "" },
    ...(err === undefined ? {} : { err: errorOf(err, redact) }),
  };
}

function fieldOf(name: string, value: unknown, redact: Redact): unknown {
  if (typeof value === "number" || typeof value === "boolean" || value === null) return value;
  if (typeof value !== "string") return left;
  if (chosen.has(name)) return isChosen(value) ? redact(value) : left;
  // Only what was replaced, to the last character, is known to have been an id or an address.
  const replaced = isPlain(value) ? redact(value) : left;
  return /^(<[a-z]+ address-\d+>|id-\d+|[a-z]+:\/\/(<[a-z]+ address-\d+>|127\.0\.0\.1|localhost)(:\d+)?)(\.\d+)?$/.test(
    replaced,
  )
    ? replaced
    : left;
}

const systemCodes = Object.keys(constants.errno);

/** Of an error its code, what the system called it, and where in our sources it arose. */
function errorOf(err: unknown, redact: Redact): object {
  if (typeof err !== "object" || err === null) return {};
  const { code, message = "", stack = "" } = err as Record<string, unknown>;
  const text = `${String(message)} ${String(code)}`;
  const system = systemCodes.filter((name) => new RegExp(`\\b${name}\\b`).test(text));
  const frames = String(stack)
    .split("\n")
    .flatMap(
      (line) => /^\s+at .*?((?:node:|src\/|dist\/)[\w./-]+:\d+)(?::\d+)?\)?$/.exec(line)?.[1] ?? [],
    );
  return {
    ...(typeof code === "string" && isChosen(code) ? { code: redact(code) } : {}),
    ...(system.length > 0 ? { system } : {}),
    ...(frames.length > 0 ? { stack: frames.slice(0, 20).map(redact) } : {}),
  };
}
