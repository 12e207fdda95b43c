/**
 * Counts and measures, told in Prometheus' text format 0.0.4. Names and labels are written out where they are registered
 * (`docs/metrics.md` lists them); no label is ever taken from what somebody sent.
 */
import { type Clock, sleep } from "../../base/clock.ts";

type Labels = Readonly<Record<string, string>>;

/** A value that is looked up when somebody asks. */
export interface Sample {
  labels?: Labels;
  value: number;
}

export interface Counter {
  add(labels?: Labels, by?: number): void;
}

export interface Histogram {
  observe(value: number, labels?: Labels): void;
}

export interface Metrics {
  counter(name: string, help: string): Counter;
  /** @param bounds upper ones of the buckets, ascending */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram;
  /** @param read what fails to be read, or takes longer than anybody waits, is left out, and no other figure for it */
  gauge(name: string, help: string, read: Read): void;
  /** As a gauge, of what something else counts. */
  total(name: string, help: string, read: Read): void;
  text(): Promise<string>;
}

type Read = () => readonly Sample[] | Promise<readonly Sample[]>;

export const metricsMediaType = "text/plain; version=0.0.4; charset=utf-8";

/** Of one metric. Labels come from closed sets; should one ever not, what is beyond counts as one `other`. */
const seriesMost = 1_000;

/** For what has to be looked up: Prometheus itself waits 10 s, and gets nothing at all after that. */
const patienceMs = 2_000;

export function createMetrics(clock: Clock): Metrics {
  const families: { head: string; lines: () => Promise<string[]> }[] = [];
  const register = (
    name: string,
    help: string,
    type: string,
    lines: () => string[] | Promise<string[]>,
  ) =>
    families.push({
      head: `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`,
      lines: async () => lines(),
    });
  const looked = (name: string, help: string, type: string, read: Read) =>
    register(name, help, type, async () =>
      (await read()).map(({ labels, value }) => lineOf(name, labels, value)),
    );

  return {
    counter(name, help) {
      const series = seriesOf(() => ({ value: 0 }));
      register(name, help, "counter", () =>
        series.all().map(([labels, { value }]) => lineOf(name, labels, value)),
      );
      return {
        add(labels = {}, by = 1) {
          series.at(labels).value += by;
        },
      };
    },
    histogram(name, help, bounds) {
      const series = seriesOf(() => ({ buckets: bounds.map(() => 0), count: 0, sum: 0 }));
      register(name, help, "histogram", () =>
        series
          .all()
          .flatMap(([labels, { buckets, count, sum }]) => [
            ...bounds.map((bound, index) =>
              lineOf(`${name}_bucket`, { ...labels, le: String(bound) }, buckets[index]!),
            ),
            lineOf(`${name}_bucket`, { ...labels, le: "+Inf" }, count),
            lineOf(`${name}_sum`, labels, sum),
            lineOf(`${name}_count`, labels, count),
          ]),
      );
      return {
        observe(value, labels = {}) {
          const one = series.at(labels);
          one.count += 1;
          one.sum += value;
          for (const [index, bound] of bounds.entries())
            if (value <= bound) one.buckets[index]! += 1;
        },
      };
    },
    gauge: (name, help, read) => void looked(name, help, "gauge", read),
    total: (name, help, read) => void looked(name, help, "counter", read),
    async text() {
      const told = new AbortController();
      const late = sleep(clock, patienceMs, told.signal).then((): string[] => []);
      const texts = await Promise.all(
        families.map(async ({ head, lines }) => {
          const found = await Promise.race([lines().catch(() => []), late]);
          return found.length > 0 ? head + found.join("") : "";
        }),
      );
      told.abort();
      return texts.join("");
    },
  };
}

const rest = "other";
const isRest = (text: string) => text === rest;
const restOf = (labels: Labels): Labels =>
  Object.fromEntries(Object.keys(labels).map((name) => [name, rest]));

/** One value for each set of labels. */
function seriesOf<Value>(begin: () => Value) {
  const series = new Map<string, [Labels, Value]>();
  return {
    all: () => [...series.values()],
    at(labels: Labels): Value {
      const key = JSON.stringify(Object.entries(labels));
      const known = series.get(key);
      if (known) return known[1];
      const isFull = series.size >= seriesMost && !Object.values(labels).every(isRest);
      if (isFull) return this.at(restOf(labels));
      const value = begin();
      series.set(key, [labels, value]);
      return value;
    },
  };
}

function lineOf(name: string, labels: Labels = {}, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}\n`;
}

const escaped = (text: string) =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/**
 * Reads once for all who ask within `keepMs`, and for as long as it takes: never twice at once.
 * @param failedMs for how long a failure is everybody's answer too
 */
export function remembered<Value>(
  clock: Clock,
  keepMs: number,
  read: () => Promise<Value>,
  failedMs = 0,
): () => Promise<Value> {
  let kept: { until: number; value: Promise<Value> } | undefined;
  return () => {
    if (kept && clock.monotonic() < kept.until) return kept.value;
    const began = clock.monotonic();
    const mine = { until: Infinity, value: read() };
    kept = mine;
    mine.value.then(
      () => (mine.until = began + keepMs),
      () => (mine.until = clock.monotonic() + failedMs),
    );
    return mine.value;
  };
}
