/**
 * The owner's hours: `mon-fri 09:00-18:00 away, sat-sun here`. Each entry is days, hours (none: the whole day) and
 * `away` or `here`; entries are separated by commas or semicolons, and where two speak of the same minute the later one
 * counts. In a schedule that says when the owner is away they are here at all other times; in one that only says when they
 * are here, the instruments judge the rest. Hours are the machine's own; from 22:00 to 06:00 runs into the next day.
 */
import { TroopError } from "../../protocol/error-codes.ts";

const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const minutesPerDay = 1_440;

interface Entry {
  /** Days on which it begins; 0 is Sunday. */
  days: ReadonlySet<number>;
  /** Minutes after midnight; where `until` is not after `from`, it ends on the next day. */
  from: number;
  until: number;
  isHere: boolean;
}

export type Schedule = readonly Entry[];

/** A moment by the machine's own clock. */
export interface LocalTime {
  /** 0 is Sunday. */
  day: number;
  /** After midnight. */
  minute: number;
}

/** @param time ms UTC */
export function localTime(time: number): LocalTime {
  const date = new Date(time);
  return { day: date.getDay(), minute: date.getHours() * 60 + date.getMinutes() };
}

/** What it says of that minute; undefined where it leaves it to the instruments. */
export function isOwnersTime(schedule: Schedule, time: LocalTime): boolean | undefined {
  const speaking = schedule.findLast((entry) => covers(entry, time));
  if (speaking) return speaking.isHere;
  return schedule.some(({ isHere }) => !isHere) ? true : undefined;
}

function covers({ days, from, until }: Entry, { day, minute }: LocalTime): boolean {
  if (from < until) return days.has(day) && minute >= from && minute < until;
  const dayBefore = (day + 6) % 7;
  return (days.has(day) && minute >= from) || (days.has(dayBefore) && minute < until);
}

/** @throws TroopError `configuration_invalid` naming the entry */
export function readSchedule(text: string): Schedule {
  const entries = text.split(/[,;]/).map((entry) => entry.trim().toLowerCase());
  return entries.filter((entry) => entry !== "").map(readEntry);
}

function readEntry(text: string): Entry {
  const [days = "", ...rest] = text.split(/\s+/);
  const whose = rest.pop();
  const [hours = "00:00-24:00", ...others] = rest;
  const [from, until] = hours.split("-").map(minuteOf);
  if (others.length > 0 || (whose !== "here" && whose !== "away")) throw notUnderstood(text);
  if (from === undefined || until === undefined || from === until) throw notUnderstood(text);
  return { days: readDays(days, text), from, until, isHere: whose === "here" };
}

function readDays(text: string, entry: string): ReadonlySet<number> {
  if (text === "daily") return new Set(dayNames.keys());
  const [first = -1, last = first] = text.split("-").map((name) => dayNames.indexOf(name));
  if (first < 0 || last < 0 || text.split("-").length > 2) throw notUnderstood(entry);
  const length = ((last - first + 7) % 7) + 1;
  return new Set(Array.from({ length }, (_, index) => (first + index) % 7));
}

/** Undefined where it is no time of day. */
function minuteOf(text: string): number | undefined {
  const match = /^(\d{1,2}):(\d\d)$/.exec(text);
  if (!match) return undefined;
  const minute = Number(match[1]) * 60 + Number(match[2]);
  return Number(match[2]) < 60 && minute <= minutesPerDay ? minute : undefined;
}

const notUnderstood = (entry: string) =>
  new TroopError(
    "configuration_invalid",
    `OWNER_SCHEDULE: "${entry}" is not understood. An entry looks like \`mon-fri 09:00-18:00 away\`, \`sat here\` or \`daily 22:00-06:00 away\`.`,
    { param: "OWNER_SCHEDULE" },
  );
