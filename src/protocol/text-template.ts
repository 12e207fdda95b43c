/**
 * Recognises the events of a stream that differ from one before them in one piece of text only. Most do, and reading
 * each of them as JSON, and writing it again, costs more than all else that is done with it. Pure.
 *
 * What surrounds the text has been read as JSON once. A text without quotes, backslashes and control characters in
 * the same surroundings can only be another text in the same place (RFC 8259 §7).
 */

export interface TextTemplate {
  /**
   * This event was read, and `text` is all that it says; the surroundings that were known until now are forgotten.
   * Where it is not plain to see which of its strings that is, nothing is learned.
   */
  learn(event: string, text: string): void;
  /** The text of an event that has the learned surroundings; undefined where it must be read. */
  match(event: string): string | undefined;
}

/** Within JSON's strings quotes are escaped, so that a bare one after the name only ever begins the field's value. */
const opening = /"content": ?"/g;
// oxlint-disable-next-line no-control-regex -- what JSON does not allow within a string, or writes in another way
const special = /["\\\u0000-\u001f]/;

export function createTextTemplate(): TextTemplate {
  let before: string | undefined;
  let after = "";
  return {
    learn(event, text) {
      before = undefined;
      const [found, another] = event.matchAll(opening);
      if (!found || another || special.test(text)) return;
      const start = found.index + found[0].length;
      if (!event.startsWith(`${text}"`, start)) return;
      before = event.slice(0, start);
      after = event.slice(start + text.length);
    },
    match(event) {
      if (before === undefined || event.length < before.length + after.length) return undefined;
      if (!event.startsWith(before) || !event.endsWith(after)) return undefined;
      const text = event.slice(before.length, event.length - after.length);
      return special.test(text) ? undefined : text;
    },
  };
}
