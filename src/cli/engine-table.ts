/** What `troop worker` says of the engines it found: which, where, and what each lends. */
import type { EngineAddress } from "../worker/engines/engine-kind.ts";
import type { EngineReport } from "../worker/catalogue.ts";
import type { Output } from "./output.ts";

type Listed = EngineReport["models"][number];

const thousands = new Intl.NumberFormat("en");

/** Decimal, as disks and downloads are sold. */
function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return "?";
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  return bytes >= 1e6
    ? `${Math.round(bytes / 1e6)} MB`
    : `${Math.max(1, Math.round(bytes / 1e3))} kB`;
}

function contextText({ context_length, loaded }: Listed): string {
  if (context_length !== undefined) return thousands.format(context_length);
  return loaded ? "?" : "when loaded";
}

/** Rows of a table: an engine's name stands beside its first model only. */
export function engineRows(reports: readonly EngineReport[]): string[][] {
  return reports.flatMap(({ type, version, origin, models }) => {
    const label = version === "unknown" ? type : `${type} ${version}`;
    if (models.length === 0) return [[label, origin, "nothing to lend", "", "", ""]];
    return models.map((model, index) => [
      ...(index === 0 ? [label, origin] : ["", ""]),
      model.name,
      contextText(model),
      bytesText(model.size_bytes),
      model.behind === undefined ? "" : `if ${model.behind} fails`,
    ]);
  });
}

export const engineHead = ["engine", "address", "model", "context", "size", ""];

/** Addresses where something answers and wants a key. */
export function noteLocked(output: Output, locked: readonly EngineAddress[]): void {
  for (const { origin, keyVariable } of locked)
    output.note(
      `What answers at ${origin} wants an API key${keyVariable ? `: set ${keyVariable}, or ${keyVariable}_FILE to a file that holds it` : ""}.`,
    );
}
