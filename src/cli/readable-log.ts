/** Log lines for somebody who looks at a terminal. Programs that collect logs get them as JSON. */
import { z } from "zod";
import type { DestinationStream } from "pino";

const levelNames: Readonly<Record<number, string>> = {
  10: "trace",
  20: "debug",
  30: "info",
  40: "warn",
  50: "error",
  60: "fatal",
};

const logLine = z.looseObject({
  level: z.number(),
  msg: z.string().optional(),
  err: z.looseObject({ message: z.string().optional(), stack: z.string().optional() }).optional(),
});

/** `warn: heartbeat failed: The coordinator … cannot be reached.` The same line in a row is shown once. */
export function readableLog(show: (line: string) => void): DestinationStream {
  let last = "";
  return {
    write(json) {
      const line = readableLine(JSON.parse(json));
      if (line !== last) show(line);
      last = line;
    },
  };
}

/** @param fields of a line, as pino wrote them */
export function readableLine(line: unknown): string {
  const { level, msg, err, time: _time, ...fields } = logLine.parse(line);
  const facts = Object.entries(fields)
    .filter(([, value]) => typeof value !== "object")
    .map(([name, value]) => `${name}=${String(value)}`);
  const text = [msg, err?.message].filter(Boolean).join(": ").replaceAll(".: ", ": ");
  const sentence = [`${levelNames[level] ?? level}:`, text, ...facts].join(" ");
  // Only a bug has one here.
  return err?.stack ? `${sentence}\n${err.stack}` : sentence;
}
