/** A line of a log, read back. */
import { z } from "zod";

export interface LogRecord {
  /** Wall time, ms; undefined where the line does not say. */
  time: number | undefined;
  /** As pino numbers them. */
  level: number;
  /** Whether one of our roles wrote it; else it may be anything. */
  isOurs: boolean;
  /** All of the line, or `{ msg }` around one that is not ours. */
  fields: Readonly<Record<string, unknown>>;
}

const ours = z.looseObject({
  time: z.number(),
  level: z.number(),
  msg: z.string().optional(),
  err: z.looseObject({ message: z.string().optional(), stack: z.string().optional() }).optional(),
});
const info = 30;

/** @param time when it was written, where that is known otherwise */
export function readRecord(line: string, time?: number): LogRecord {
  try {
    const fields = ours.parse(JSON.parse(line));
    return { time: fields.time, level: fields.level, isOurs: true, fields };
  } catch {
    const fields = { level: info, ...(time === undefined ? {} : { time }), msg: line };
    return { time, level: info, isOurs: false, fields };
  }
}
