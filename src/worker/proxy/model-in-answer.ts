/**
 * Puts the name under which a model was asked for into an engine's answer. The engine's own may be a path on the
 * owner's disk. Pure.
 */
import type { AnswerReader } from "./answer-reader.ts";

/** Undefined where there is nothing to change. Within a JSON text a bare `"model":` is always a key. */
export function renamingOf(ownName: string, asked: string): ((text: string) => string) | undefined {
  if (ownName === asked) return undefined;
  const own = JSON.stringify(ownName).replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const pattern = new RegExp(String.raw`("model":\s*)${own}`, "g");
  return (text) => text.replaceAll(pattern, (_, key: string) => key + JSON.stringify(asked));
}

/** The reader's own events are made of the engine's. */
export const renamedReader = (
  reader: AnswerReader,
  rename: (text: string) => string,
): AnswerReader => ({
  ...reader,
  lengthEvent() {
    const event = reader.lengthEvent();
    return event === undefined ? undefined : rename(event);
  },
});
