/** What `troop launch` knows of each program that it starts or sets up. */
import type { Language, Setting } from "./edit/setting.ts";
import type { Places } from "./places.ts";

/** What a program is pointed at. */
export interface Target {
  /** The sidecar, without a trailing slash. */
  url: string;
  model: string;
  /** Tokens; undefined where nobody says. */
  contextLength: number | undefined;
  /** The sidecar was started with a key. */
  needsKey: boolean;
}

/** How a program is started; its own words come behind. */
export interface Start {
  words: readonly string[];
  /** Undefined: taken out of what the program is handed on. */
  environment: Readonly<Record<string, string | undefined>>;
}

export interface Tool {
  /** As people call it. */
  title: string;
  /** Names that it goes by on the PATH; the first is the usual one. */
  programs: readonly [string, ...string[]];
  /** A command, or an address. */
  install: string;
  /** Where its settings lie. */
  settingsFile(places: Places): string;
  language: Language;
  /** What its settings must say. Never the key itself. */
  settings(target: Target, now: Readonly<Record<string, unknown>>): Setting[];
  /** Whether it can be pointed at something by its settings only. */
  isSettingsOnly?: boolean;
  /** @param file settings of this start alone, where `startFile` says that there are some */
  start(target: Target, key: string, file: string | undefined): Start;
  /** Settings of a start, for a program that takes them from a file which it is named. */
  startFile?(target: Target): { name: string; text: string };
  /** Why its settings had better not be written here. */
  objection?(places: Places): string | undefined;
}

/** Programs that insist on a key are given this one where the sidecar asks for none. */
export const anyKey = "any";

/** The variable that settings point to instead of holding the key. */
export const keyVariable = "TROOP_API_KEY";

export const openAiUrl = ({ url }: Pick<Target, "url">): string => `${url}/v1`;
