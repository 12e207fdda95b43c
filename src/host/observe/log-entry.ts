/** A line of the log as a collector gets it: what pino wrote, when everything that is nobody's business was cut out. Pure. */
import { readRecord } from "../logs/log-record.ts";
import type { LogEntry } from "./otlp.ts";
import type { Attributes } from "./tracing.ts";

const characters = 4_096;

/** Undefined for a line that is not ours. */
export function entryOf(line: string): LogEntry | undefined {
  const { isOurs, time = 0, fields } = readRecord(line);
  if (!isOurs) return undefined;
  const { time: _time, level, msg = "", ...rest } = fields;
  return { time, level: Number(level), text: String(msg), attributes: flattened(rest) };
}

/** One step deep, as far as our lines go: an error's type, code and message among them. */
function flattened(fields: Readonly<Record<string, unknown>>): Attributes {
  const pairs = Object.entries(fields).flatMap(([name, value]) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([inner, each]) => [`${name}.${inner}`, each] as const)
      : [[name, value] as const],
  );
  return Object.fromEntries(
    pairs.flatMap(([name, value]): [string, string | number][] => {
      if (typeof value === "number") return [[name, value]];
      const text = typeof value === "string" ? value : JSON.stringify(value);
      return text === undefined ? [] : [[name, text.slice(0, characters)]];
    }),
  );
}
