/** `GET`, `DELETE` and `POST …/cancel` on `/v1/responses/{id}`, and the items that one was made from. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { TroopError } from "../../protocol/error-codes.ts";
import type { Item } from "../dialects/responses/items.ts";
import { follow, type ResponsesParts } from "./responses.ts";

interface OfOne {
  Params: { id: string };
  Querystring: Record<string, unknown>;
}

const flag = z.enum(["true", "false"]).transform((text) => text === "true");
const number = z.coerce.number().int();

/** What else is asked for does not change what there is: unknown parameters are passed over. */
const retrieval = z.object({
  stream: flag.default(false),
  starting_after: number.min(-1).default(-1),
});

const listing = z.object({
  after: z.string().optional(),
  limit: number.min(1).max(100).default(20),
  order: z.enum(["asc", "desc"]).default("desc"),
});

export function keptResponsesRoutes(app: FastifyInstance, parts: ResponsesParts): void {
  const { exchanges, responses } = parts;
  const { store, background, foreground } = responses;

  app.get<OfOne>("/v1/responses/:id", async (request, reply) => {
    const { id } = request.params;
    const { stream, starting_after: after } = readQuery(retrieval, request.query);
    const kept = store?.resource(id);
    if (!kept) throw new TroopError("response_not_found");
    const run = background.find(id);
    if (!stream) return run?.resource() ?? kept;
    if (!run?.events.reaches(after)) throw notFollowed();
    return exchanges.answer(request, reply, (response, signal) =>
      follow(parts, run, after, response, signal),
    );
  });

  // What it makes is sealed by OpenAI, for OpenAI: agents that are given another server sum up by themselves.
  app.post("/v1/responses/compact", async () => {
    throw new TroopError("not_implemented");
  });

  app.delete<OfOne>("/v1/responses/:id", async ({ params: { id } }) => {
    if (!store?.delete(id)) throw new TroopError("response_not_found");
    await background.find(id)?.cancel();
    return { id, object: "response", deleted: true };
  });

  app.post<OfOne>("/v1/responses/:id/cancel", async ({ params: { id } }) => {
    if (foreground.has(id)) throw notInBackground();
    const kept = store?.resource(id);
    if (!kept) throw new TroopError("response_not_found");
    if (!kept.background) throw notInBackground();
    const run = background.find(id);
    await run?.cancel();
    return run?.resource() ?? kept;
  });

  app.get<OfOne>("/v1/responses/:id/input_items", async ({ params: { id }, query }) => {
    const asked = readQuery(listing, query);
    const items = store?.inputItems(id);
    if (!items) throw new TroopError("response_not_found");
    return pageOf(asked.order === "asc" ? items : items.toReversed(), asked);
  });
}

function pageOf(items: readonly Item[], { after, limit }: z.infer<typeof listing>) {
  const start = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0)
    throw new TroopError("invalid_value", "`after` names no item of this response.", {
      param: "after",
    });
  const data = items.slice(start, start + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: start + limit < items.length,
  };
}

function readQuery<Query>(schema: z.ZodType<Query>, query: Record<string, unknown>): Query {
  const read = schema.safeParse(query);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const param = String(issue?.path[0]);
  throw new TroopError("invalid_value", `\`${param}\`: ${issue?.message ?? "not understood"}.`, {
    param,
  });
}

const notInBackground = () =>
  new TroopError(
    "invalid_value",
    "Only a response that runs in the background can be cancelled; close the request of another.",
  );

const notFollowed = () =>
  new TroopError(
    "invalid_value",
    "Events can be read of a background response while it runs and five minutes longer; leave `stream` out.",
    { param: "stream" },
  );
