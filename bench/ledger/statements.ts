/**
 * Ledger statements per second (open, capture, close: one transaction each) and captured lines per second in
 * batches, each against pgbench's simple-update on the same server with as many clients.
 */
import { figureOf, median, say, type Figure } from "../figure.ts";
import { lineOf, openBenchBooks, type BenchBooks } from "./books.ts";
import { fillPgbench, runPgbench } from "./server.ts";

const clients = 8;
const roundSeconds = 2;
const linesPerBatch = 50;

type Work = (books: BenchBooks) => Promise<number>;

const lines = Array.from({ length: linesPerBatch }, (_, index) => lineOf(index + 1));

/** A ticket with one request: three statements. */
const useTicket: Work = async (books) => {
  const hold = books.newHold();
  const { outcome } = await books.ledger.openHold(hold);
  const received = await books.receive(hold, lines.slice(0, 1));
  const closed = await books.ledger.closeHold(
    { hold: hold.id, numbers: [1] },
    hold.node,
    hold.openedAt,
  );
  assertGood(outcome === "opened" && closed.status === "accepted", received);
  return 3;
};

/** A ticket whose lines come all at once; its opening counts for nothing. */
const captureBatch: Work = async (books) => {
  const hold = books.newHold();
  await books.ledger.openHold(hold);
  assertGood(true, await books.receive(hold, lines));
  return linesPerBatch;
};

function assertGood(isGood: boolean, received: Awaited<ReturnType<BenchBooks["receive"]>>): void {
  const isPaid =
    received.status === "accepted" &&
    received.lines.every(({ outcome, paid }) => outcome === "vesting" && paid === "1.500000");
  if (!isGood || !isPaid) throw new Error("the ledger did not do its work");
}

/** @returns units of work per second, with as many at once as there are clients */
async function rateOf(work: Work, books: BenchBooks, seconds: number): Promise<number> {
  const began = performance.now();
  const end = began + seconds * 1_000;
  let done = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < end) {
        // In two steps: `done += await …` reads `done` before it waits, and loses what the others did meanwhile.
        const units = await work(books);
        done += units;
      }
    }),
  );
  return done / ((performance.now() - began) / 1_000);
}

export async function statementFigures(
  { ours, theirs }: { ours: string; theirs: string },
  rounds: number,
): Promise<Figure[]> {
  await fillPgbench(theirs);
  await using books = await openBenchBooks(ours, clients);
  const figures = [
    {
      ...{ figure: "ledger statements/s ÷ pgbench simple-update TPS", good: "at least" as const },
      ...{ gate: 0.4, aim: 0.6, work: useTicket, ratios: [] as number[] },
    },
    {
      ...{ figure: "captured lines/s in batches ÷ pgbench simple-update TPS", work: captureBatch },
      ...{ good: "at least" as const, gate: 0.5, aim: 1, ratios: [] as number[] },
    },
  ];
  for (const { work } of figures) await rateOf(work, books, 1);
  for (let round = 1; round <= rounds; round += 1) {
    for (const { figure, work, ratios } of figures) {
      // The reference on both sides of ours: what changes on the machine in between changes both.
      await books.tidy();
      const before = await runPgbench(theirs, clients, roundSeconds / 2);
      const rate = await rateOf(work, books, roundSeconds);
      const after = await runPgbench(theirs, clients, roundSeconds / 2);
      const reference = median([before, after]);
      ratios.push(rate / reference);
      say(`  ${figure}: ${rate.toFixed(0)} ÷ ${reference.toFixed(0)} /s`);
    }
  }
  if ((await books.ledger.audit()).length > 0) throw new Error("the books do not balance");
  return figures.map(({ ratios, work: _work, ...gate }) => figureOf(gate, ratios));
}
