/** Calls of tools as Ollama's API has them: whole, with arguments as objects. Pure. */
import type { ToolDelta } from "../tool-calls.ts";

export interface OllamaCall {
  id: string;
  function: { index: number; name: string; arguments: object };
}

export interface OllamaCalls {
  add(delta: ToolDelta): void;
  /**
   * Calls whose arguments are objects, and the others as the text that they are: an answer that was cut off in the
   * middle of a call must not run a tool with half of what was meant.
   */
  finish(): { whole: OllamaCall[]; broken: string[] };
}

export function createOllamaCalls(): OllamaCalls {
  const calls: { id: string; name: string; args: string }[] = [];
  return {
    add({ index, id, function: called }) {
      const call = (calls[index] ??= { id: id ?? "", name: called.name ?? "", args: "" });
      call.args += called.arguments;
    },
    finish() {
      const whole: OllamaCall[] = [];
      const broken: string[] = [];
      for (const { id, name, args } of calls) {
        const parsed = objectOf(args);
        if (parsed) whole.push({ id, function: { index: whole.length, name, arguments: parsed } });
        else broken.push(`${name}(${args})`);
      }
      return { whole, broken };
    },
  };
}

function objectOf(text: string): object | undefined {
  // A tool without parameters is called with nothing.
  if (text.trim() === "") return {};
  try {
    const parsed: unknown = JSON.parse(text);
    const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
    return isObject ? parsed : undefined;
  } catch {
    return undefined;
  }
}
