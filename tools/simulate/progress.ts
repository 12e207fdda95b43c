/** How far a long run is: a bar that is overwritten on a terminal, elsewhere a line now and then. */

export interface Progress {
  /** @param detail beside the numbers */
  step(detail?: string): void;
  /** Something to be read that stays. */
  note(text: string): void;
  done(): void;
}

const barWidth = 30;
const lineEveryMs = 10_000;

export function createProgress(total: number, unit: string): Progress {
  const { stderr } = process;
  const begun = performance.now();
  let done = 0;
  let saidAt = begun;
  const rate = () => (done / ((performance.now() - begun) / 1_000)).toFixed(2);
  const numbers = (detail: string) => `${done}/${total} ${unit}, ${rate()} a second${detail}`;
  const clear = () => {
    if (stderr.isTTY) stderr.write("\r\u001B[K");
  };
  return {
    step(detail = "") {
      done += 1;
      if (stderr.isTTY) {
        const full = Math.round((done / total) * barWidth);
        const bar = "█".repeat(full) + "░".repeat(barWidth - full);
        return void stderr.write(`\r\u001B[K${bar} ${numbers(detail)}`);
      }
      if (performance.now() - saidAt < lineEveryMs && done < total) return undefined;
      saidAt = performance.now();
      return void stderr.write(`${numbers(detail)}\n`);
    },
    note(text) {
      clear();
      stderr.write(`${text}\n`);
    },
    done: clear,
  };
}
