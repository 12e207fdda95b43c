/**
 * Which models go on with a text as if they had begun it themselves: an allow-list, for an engine that does not refuse
 * what it cannot do closes the turn and begins another, and the answer has a seam in its middle. Not one that may
 * think: what it is given would stand where its thoughts do. Pure. ADR 64 says what each entry rests on.
 */

/** Families of which every template keeps to the text that it is given, by the name that a server gives. */
const plainFamilies =
  /(^|[-_/.])(llama-?[23]|tinyllama|qwen-?2|gemma-?[123]|phi-?[34]|smollm)(?=[-_.:\d]|$)/i;
const thinks = /think|reason|\br1\b|distill|nemotron|hermes|cogito|qwq/i;

export const continuesByName = (name: string): boolean =>
  plainFamilies.test(name) && !thinks.test(name);

/** For engines that say which template they use. One that can think has words for it. */
export const isPlainTemplate = (template: string | null | undefined): boolean =>
  !!template && !/think|reason|channel/i.test(template);

/**
 * Ollama's templates, where the turn of an assistant that comes last is not closed, and no other is opened. One without
 * `.Messages` is cut behind the answer by Ollama itself.
 */
export function staysOpen(template: string): boolean {
  if (!template.includes(".Messages")) return template.includes(".Response");
  const opensNone = /and\s+\(ne\s+\.Role\s+"assistant"\)\s+\$last/.test(template);
  const closesNone = /\.Content\s*\}\}\s*\{\{-?\s*if\s+(not|\(not)\s+\$last/.test(template);
  return opensNone && closesNone;
}

/** @param version as a server states it, `"0.11.0"` or `"v0.6.3.post1"`. False where it states none */
export function isAtLeast(version: string | null | undefined, major: number, minor: number) {
  const [, first, second] = /^v?(\d+)\.(\d+)/.exec(version ?? "") ?? [];
  if (first === undefined) return false;
  return Number(first) > major || (Number(first) === major && Number(second) >= minor);
}
