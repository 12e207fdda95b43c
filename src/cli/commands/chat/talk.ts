/**
 * A conversation at a terminal: lines in, answers out as they come. Ctrl-C ends an answer, or drops what is being typed;
 * Ctrl-D ends the conversation.
 */
import { writeFileSync } from "node:fs";
import { TroopError } from "../../../protocol/error-codes.ts";
import { failureLines, failureOf } from "../../failure.ts";
import type { Output, Terminal } from "../../output.ts";
import {
  type Conversation,
  messagesOf,
  readTyped,
  type SlashCommand,
  slashCommands,
  transcriptOf,
  withoutLast,
  withTurn,
} from "./conversation.ts";
import { openLines } from "./lines.ts";
import type { ChatAnswer, ChatQuestion, Listener } from "../../stream-answer.ts";

export interface TalkParts {
  terminal: Pick<Terminal, "stdin" | "stderr">;
  output: Output;
  /** Of what was typed; undefined: none is kept. */
  historyFile: string | undefined;
  ask(
    question: Pick<ChatQuestion, "model" | "messages">,
    listener: Listener,
    signal: AbortSignal,
  ): Promise<ChatAnswer>;
  models(): Promise<string[]>;
  shutdown: AbortSignal;
}

export async function talk(begin: Conversation, parts: TalkParts): Promise<void> {
  const { terminal, output, historyFile, ask, models, shutdown } = parts;
  let conversation = begin;
  const lines = openLines(terminal, historyFile);
  let answering: AbortController | undefined;
  lines.onInterrupt(() => {
    if (answering) return answering.abort();
    // It was meant for an answer, perhaps, that ended by itself just then: what was said so far must not be lost.
    output.note("\nCtrl-D ends.");
    lines.drop();
  });
  shutdown.addEventListener("abort", () => lines.close(), { once: true });

  async function answer(question: string): Promise<void> {
    const asked = withTurn(conversation, "user", question);
    answering = new AbortController();
    let text = "";
    try {
      const listener = createListener(output, (piece) => (text += piece));
      const stop = AbortSignal.any([answering.signal, shutdown]);
      const whole = await ask({ model: asked.model, messages: messagesOf(asked) }, listener, stop);
      conversation = withTurn(asked, "assistant", whole.text);
      const { prompt_tokens, completion_tokens, cost, model } = whole;
      const tokens = `${prompt_tokens} + ${completion_tokens} tokens`;
      output.note(output.dim(`\n${model} · ${tokens} · ${cost} credits`));
    } catch (error) {
      if (text !== "") output.stream("\n");
      if (!answering.signal.aborted) return complain(error);
      output.note(output.dim("stopped"));
      // What it said so far was said, and the next question may be about it.
      if (text !== "") conversation = withTurn(asked, "assistant", text);
    } finally {
      answering = undefined;
    }
  }

  function complain(error: unknown) {
    const failure = failureOf(error, { argv: ["chat"], environment: {} });
    for (const line of failureLines(failure)) output.note(line);
  }

  /** @returns false to end */
  async function obey(name: SlashCommand, rest: string): Promise<boolean> {
    switch (name) {
      case "quit":
        return false;
      case "help":
        for (const [command, text] of Object.entries(slashCommands))
          output.note(`  /${command.padEnd(8)} ${text}`);
        return true;
      case "model":
        if (rest !== "" && !(await models()).includes(rest))
          throw new TroopError(
            "model_not_found",
            `${rest} is not on offer; /models lists what is.`,
          );
        if (rest !== "") conversation = { ...conversation, model: rest };
        output.note(`asking ${conversation.model}`);
        return true;
      case "models":
        for (const model of await models())
          output.note(`${model === conversation.model ? "*" : " "} ${model}`);
        return true;
      case "system":
        conversation = { ...conversation, system: rest };
        output.note(rest === "" ? "it is told nothing beforehand" : "told with the next question");
        return true;
      case "clear":
        conversation = { ...conversation, turns: [] };
        output.note("begun anew");
        return true;
      case "undo":
        conversation = withoutLast(conversation).talk;
        output.note("taken back");
        return true;
      case "retry": {
        const { talk: before, question } = withoutLast(conversation);
        if (question === undefined) output.note("nothing was asked yet");
        else {
          conversation = before;
          await answer(question);
        }
        return true;
      }
      case "save":
        save(rest, conversation);
        output.note(`written: ${rest}`);
        return true;
      default:
        return name satisfies never;
    }
  }

  try {
    for (;;) {
      const line = await lines.next();
      if (line === undefined) return;
      const typed = readTyped(line);
      if (typed.kind === "unknown") output.note(`/${typed.name}? /help lists what there is.`);
      else if (typed.kind === "question") await answer(typed.text);
      else if (typed.kind === "command" && !(await obey(typed.name, typed.rest).catch(shown)))
        return;
      shutdown.throwIfAborted();
    }
  } finally {
    lines.close();
  }

  function shown(error: unknown): true {
    complain(error);
    return true;
  }
}

/** Thoughts are dimmed, and apart from the answer. */
function createListener(output: Output, onText: (piece: string) => void): Listener {
  let isThinking = false;
  let isSaid = false;
  return {
    waiting() {
      if (!isSaid) output.note(output.dim("waiting for a node; Ctrl-C ends it"));
      isSaid = true;
    },
    thought(piece) {
      isThinking = true;
      isSaid = true;
      output.stream(output.dim(piece));
    },
    text(piece) {
      if (isThinking) output.stream("\n\n");
      isThinking = false;
      isSaid = true;
      output.stream(piece);
      onText(piece);
    },
  };
}

function save(file: string, conversation: Conversation): void {
  if (file === "") throw new TroopError("usage", "Which file? /save talk.md");
  try {
    // What lies there may be anything.
    writeFileSync(file, transcriptOf(conversation), { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw new TroopError("usage", `${file} cannot be written, or is there already.`, {
      cause: error,
    });
  }
}
