/** `troop chat`: a conversation with a model of the network; one question where words follow or come by a pipe. */
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { knownApiKey } from "../../host/api-key.ts";
import type { ChoiceName } from "../../client/routing/model-choice.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { ensureFolder } from "../../host/folders.ts";
import type { CommandContext } from "../context.ts";
import { startConversation, messagesOf, withTurn } from "./chat/conversation.ts";
import { streamAnswer } from "../stream-answer.ts";
import { talk } from "./chat/talk.ts";
import { findTarget, listModels } from "../local-api.ts";

/** Whoever wants to talk need not know what there is. */
const usualModel = "troop/auto" satisfies ChoiceName;

export interface ChatFlags {
  words?: string[];
  model?: string;
  url?: string;
  system?: string;
  /** False with `--no-history`. */
  history?: boolean;
}

export async function chat(context: CommandContext, flags: ChatFlags): Promise<void> {
  const { output, terminal, environment, config, shutdown } = context;
  const isPerson = context.questions.isPossible && !output.isJson;
  const question = await questionOf(context, flags.words ?? [], isPerson);
  const { url, model } = await findTarget(context, flags.model ?? usualModel, flags.url);
  const key = knownApiKey(environment, config.dataFolder);
  const begin = startConversation(model, flags.system);
  if (question === undefined) {
    output.note(`Talking to ${output.bold(model)}. /help lists commands, Ctrl-D ends.`);
    await talk(begin, {
      ...{ terminal, output, shutdown },
      historyFile: flags.history === false ? undefined : historyIn(config.dataFolder),
      ask: (asked, listener, signal) => streamAnswer({ url, key, ...asked }, listener, signal),
      models: async () => (await listModels(context, url)).map(({ id }) => id),
    });
    return;
  }
  const messages = messagesOf(withTurn(begin, "user", question));
  let isBegun = false;
  const text = (piece: string) => {
    isBegun = true;
    output.stream(piece);
  };
  const listener = { text, thought: () => undefined };
  const answer = await streamAnswer({ url, key, model, messages }, listener, shutdown).finally(
    // Also where it breaks off: what went wrong is told on a line of its own.
    () => isBegun && output.say(""),
  );
  output.json(answer);
}

const historyIn = (dataFolder: string) => join(ensureFolder(dataFolder), "chat-history");

/**
 * Words of the command line, `-` among them standing for what comes by a pipe; without words it is the pipe alone. A
 * pipe that nobody closes would otherwise keep every question waiting.
 * @returns undefined where a person is there to talk
 */
async function questionOf(
  { terminal }: CommandContext,
  words: readonly string[],
  isPerson: boolean,
): Promise<string | undefined> {
  const isPiped = !terminal.stdin.isTTY && (words.length === 0 || words.includes("-"));
  const piped = isPiped ? await textOf(terminal.stdin) : "";
  const said = words.filter((word) => word !== "-").join(" ");
  const question = [said, piped.trim()].filter((part) => part !== "").join("\n\n");
  if (question !== "") return question;
  if (isPerson && words.length === 0) return undefined;
  throw new TroopError("usage", 'What is to be asked? troop chat "What is a ticket?"');
}
