/** What differs between two texts, line by line, and how what differs is shown or taken back. Pure. */

/** Lines `start` to `end` (exclusive) of the one text stand where the other has `lines`. */
export interface Hunk {
  start: number;
  end: number;
  lines: string[];
}

/** With their ends, so that joining them gives the text again. */
const linesOf = (text: string): string[] => (text === "" ? [] : text.split(/(?<=\n)/));

/** What to put into `from` to have `to`, in order. */
export function hunksBetween(from: string, to: string): Hunk[] {
  const [before, after] = [linesOf(from), linesOf(to)];
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const rest = Math.min(before.length, after.length) - head;
  while (tail < rest && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const inner = changesOf(
    before.slice(head, before.length - tail),
    after.slice(head, after.length - tail),
  );
  return inner.map(({ start, end, lines }) => ({ start: start + head, end: end + head, lines }));
}

/** By the longest common sequence of lines: files of settings are short, and their ends were taken off before. */
function changesOf(before: readonly string[], after: readonly string[]): Hunk[] {
  const width = after.length + 1;
  const lengths = new Uint32Array((before.length + 1) * width);
  for (let row = before.length - 1; row >= 0; row -= 1)
    for (let column = after.length - 1; column >= 0; column -= 1)
      lengths[row * width + column] =
        before[row] === after[column]
          ? lengths[(row + 1) * width + column + 1]! + 1
          : Math.max(lengths[(row + 1) * width + column]!, lengths[row * width + column + 1]!);
  const hunks: Hunk[] = [];
  let [row, column] = [0, 0];
  while (row < before.length || column < after.length) {
    if (row < before.length && column < after.length && before[row] === after[column]) {
      row += 1;
      column += 1;
      continue;
    }
    let last = hunks.at(-1);
    if (!last || last.end !== row) hunks.push((last = { start: row, end: row, lines: [] }));
    const down = row < before.length ? lengths[(row + 1) * width + column]! : -1;
    const right = column < after.length ? lengths[row * width + column + 1]! : -1;
    if (right >= down) last.lines.push(after[column++]!);
    else last.end = row += 1;
  }
  return hunks;
}

/**
 * Takes a change back out of a text that went on from it.
 * @param before the change, and `after` it
 * @param now what the text has become since
 * @returns undefined where what was changed since lies within what is to be taken out
 */
export function takeOut(before: string, after: string, now: string): string | undefined {
  const undoing = hunksBetween(after, before);
  const since = hunksBetween(after, now);
  if (undoing.some((hunk) => since.some((other) => meet(hunk, other)))) return undefined;
  const lines: string[] = linesOf(after);
  // From the end on, so that places stay what they are; what is put in before a line, after what is done to it.
  const last = [...undoing, ...since].toSorted(
    (left, right) => right.start - left.start || right.end - left.end,
  );
  for (const { start, end, lines: instead } of last) lines.splice(start, end - start, ...instead);
  return lines.join("");
}

/** Side by side is well; within one another, or both put in at one place, is not. */
function meet(left: Hunk, right: Hunk): boolean {
  const bothBetween = left.start === left.end && right.start === right.end;
  if (bothBetween) return left.start === right.start;
  return left.start < right.end && right.start < left.end;
}

const contextLines = 3;

/** As `diff -u` prints it; empty where nothing differs. */
export function unifiedDiff(
  path: string,
  from: string | undefined,
  to: string | undefined,
): string {
  const hunks = hunksBetween(from ?? "", to ?? "");
  if (hunks.length === 0) return "";
  const before = linesOf(from ?? "");
  const shown = [
    from === undefined ? "--- /dev/null" : `--- ${path}`,
    to === undefined ? "+++ /dev/null" : `+++ ${path}`,
  ];
  const noEnd = "\\ No newline at end of file";
  const push = (mark: string, line: string) => {
    shown.push(mark + line.replace(/\n$/, ""));
    if (!line.endsWith("\n")) shown.push(noEnd);
  };
  let shift = 0;
  for (const group of grouped(hunks)) {
    const first = Math.max(0, group[0]!.start - contextLines);
    const end = Math.min(before.length, group.at(-1)!.end + contextLines);
    const added = group.reduce((sum, hunk) => sum + hunk.lines.length - (hunk.end - hunk.start), 0);
    const [old, now] = [end - first, end - first + added];
    const at = (start: number, count: number) => `${count === 0 ? start : start + 1},${count}`;
    shown.push(`@@ -${at(first, old)} +${at(first + shift, now)} @@`);
    let line = first;
    for (const hunk of group) {
      for (; line < hunk.start; line += 1) push(" ", before[line]!);
      for (; line < hunk.end; line += 1) push("-", before[line]!);
      for (const instead of hunk.lines) push("+", instead);
    }
    for (; line < end; line += 1) push(" ", before[line]!);
    shift += added;
  }
  return shown.join("\n");
}

/** Those that would share lines of context. */
function grouped(hunks: readonly Hunk[]): Hunk[][] {
  const groups: Hunk[][] = [];
  for (const hunk of hunks) {
    const last = groups.at(-1);
    if (last && hunk.start - last.at(-1)!.end <= 2 * contextLines) last.push(hunk);
    else groups.push([hunk]);
  }
  return groups;
}
