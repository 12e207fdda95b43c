/** Responses as the store is given them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Item, OutputItem, ResponseResource } from "../dialects/responses/items.ts";
import type { KeptResponse } from "./response-store.ts";

export const said = (id: string, text = id): Item => ({
  id,
  type: "message",
  role: "user",
  content: [{ type: "input_text", text }],
});

export const answered = (id: string, text = id): OutputItem => ({
  id,
  type: "message",
  role: "assistant",
  status: "completed",
  content: [{ type: "output_text", text, annotations: [], logprobs: [] }],
});

/** A response that says `out-<id>` to `in-<id>`. */
export const keptOf = (id: string, changes: Partial<KeptResponse> = {}): KeptResponse => ({
  id,
  previous: undefined,
  before: [],
  input: [said(`in-${id}`)],
  output: [answered(`out-${id}`)],
  resource: { id, status: "completed" } as ResponseResource,
  isRunning: false,
  ...changes,
});

export function temporaryFolder(): Disposable & { folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "troop-responses-"));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
