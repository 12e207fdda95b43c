/** Server-sent events as the OpenAI dialect uses them: `data:` lines and comments (WHATWG HTML §9.2). */

export const formatEvent = (data: string): string => `data: ${data}\n\n`;
export const formatComment = (text: string): string => `: ${text}\n\n`;
export const doneEvent = formatEvent("[DONE]");

export interface EventReader {
  /** Takes the next text and returns the data of the events that are now whole. */
  push(text: string): string[];
}

/** @throws RangeError from `push` where one event grows past `mostCharacters` */
export function createEventReader(mostCharacters: number): EventReader {
  let rest = "";
  let data: string[] = [];
  let size = 0;
  return {
    push(text) {
      const events: string[] = [];
      // What waits holds no line end but perhaps a last \r: only the new text is looked through.
      const isWhole = /[\r\n]/.test(text) || rest.endsWith("\r");
      const lines = isWhole ? (rest + text).split(/\r\n|\n|\r(?!$)/) : [rest + text];
      rest = lines.pop()!;
      for (const line of lines) {
        if (line === "") {
          if (data.length > 0) events.push(data.join("\n"));
          data = [];
          size = 0;
        } else if (line.startsWith("data:")) {
          data.push(line.slice(line[5] === " " ? 6 : 5));
          size += line.length;
        }
      }
      if (rest.length + size > mostCharacters) throw new RangeError("an event is too long");
      return events;
    },
  };
}
