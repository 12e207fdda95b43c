/** What may stand where the cursor is, read from the very commands that would be run. */
import type { Argument, Command, Option } from "commander";
import { serviceRoles } from "../../../host/service/service.ts";
import { stoppableRoles } from "../../running-here.ts";
import { toolNames } from "../launch/tools.ts";

export interface Candidate {
  value: string;
  about: string;
}

/** Names that only somebody who runs knows. */
export type Named = "models" | "nodes";

export interface Expected {
  /** Of the word that is being typed, whatever of it is there. */
  candidates: Candidate[];
  /** More of them are names of these. */
  named: Named | undefined;
}

const nameKinds: Readonly<Record<string, Named>> = { node: "nodes", "--model": "models" };

/** Of arguments whose commands read them themselves. */
const known: Readonly<Record<string, readonly string[]>> = {
  tool: toolNames,
  role: serviceRoles,
  roles: stoppableRoles,
};

/** @param words behind `troop`; the last is being typed, and may be empty */
export function expectedAt(program: Command, words: readonly string[]): Expected {
  const place: Place = { command: program, argument: 0, option: undefined, isBehindDashes: false };
  const typed = words.at(-1) ?? "";
  for (const word of words.slice(0, -1)) stepOver(place, word);
  const { candidates, named } = allAt(place, typed.startsWith("-"));
  return { candidates: candidates.filter(({ value }) => value.startsWith(typed)), named };
}

interface Place {
  command: Command;
  /** How many of its arguments stand already. */
  argument: number;
  /** The flag whose value comes next. */
  option: Option | undefined;
  isBehindDashes: boolean;
}

function stepOver(place: Place, word: string): void {
  if (place.option) {
    place.option = undefined;
  } else if (place.isBehindDashes) {
    place.argument += 1;
  } else if (word === "--") {
    place.isBehindDashes = true;
  } else if (word.startsWith("-")) {
    const option = optionsOf(place.command).find(({ long, short }) => [long, short].includes(word));
    place.option = option?.required ? option : undefined;
  } else {
    const inner = place.argument === 0 ? commandsOf(place.command).find((each) => each.name() === word) : undefined; // prettier-ignore
    if (inner) place.command = inner;
    else place.argument += 1;
  }
}

function allAt({ command, argument, option, isBehindDashes }: Place, isFlag: boolean): Expected {
  if (option)
    return { candidates: valuesOf(option.argChoices), named: nameKinds[option.long ?? ""] };
  if (isFlag && !isBehindDashes)
    return {
      candidates: optionsOf(command).map(({ long, short, description }) => ({
        ...{ value: long ?? short ?? "", about: description },
      })),
      named: undefined,
    };
  const inner = argument === 0 && !isBehindDashes ? commandsOf(command) : [];
  const wanted = argumentAt(command, argument);
  return {
    candidates: [
      ...inner.map((each) => ({ value: each.name(), about: each.description() })),
      ...valuesOf(wanted?.argChoices ?? known[wanted?.name() ?? ""]),
    ],
    named: nameKinds[wanted?.name() ?? ""],
  };
}

function argumentAt({ registeredArguments: all }: Command, index: number): Argument | undefined {
  const last = all.at(-1);
  return all[index] ?? (last?.variadic ? last : undefined);
}

const valuesOf = (choices: readonly string[] = []): Candidate[] =>
  choices.map((value) => ({ value, about: "" }));

const optionsOf = (command: Command): Option[] => command.createHelp().visibleOptions(command);

const commandsOf = (command: Command): Command[] => command.createHelp().visibleCommands(command);
