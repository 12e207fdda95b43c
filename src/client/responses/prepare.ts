/** From what an application sent to what a node is asked: the conversation that it goes on from is put before it. */
import type { Clock } from "../../base/clock.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { chatOf } from "../dialects/responses/chat-of.ts";
import { inResponsesWords } from "../dialects/responses/chat-refusal.ts";
import type { Item, NextId, ResponseResource } from "../dialects/responses/items.ts";
import {
  readResponsesRequest,
  type ResolvedRequest,
  resolveReferences,
} from "../dialects/responses/request.ts";
import { createResponseTeller, type ResponseTeller } from "../dialects/responses/teller.ts";
import type { ReadRequest, Wanted } from "../read-request.ts";
import type { ResponseStore } from "./response-store.ts";

/** Where a conversation may be found that was not kept. */
export interface Memory {
  conversation(id: string): readonly Item[] | undefined;
  item(id: string): Item | undefined;
  remember(id: string, conversation: readonly Item[]): void;
}

export interface Prepared {
  /** `resp_…` */
  id: string;
  request: ResolvedRequest;
  wanted: Wanted;
  /** Of what was sent; for `x-troop-ignored`. */
  ignored: readonly string[];
  createTeller(): ResponseTeller;
  /** Keeps it as it stands, where it is to be kept, so that it can be retrieved and gone on from. */
  keep(teller: ResponseTeller): void;
  /** Keeps what became of it, unless it was deleted in the meantime. */
  keepChange(teller: ResponseTeller): void;
}

export interface PrepareParts {
  /** Undefined where nothing is to be kept on this machine. */
  store: ResponseStore | undefined;
  readRequest: ReadRequest;
  clock: Clock;
  random: Random;
  log: Log;
}

/** What was asked, with all that it refers to. */
export interface Conversation {
  request: ResolvedRequest;
  before: readonly Item[];
  /** The chat that it amounts to, not yet checked. */
  chat: object;
}

export interface Preparing {
  /** @throws TroopError for what it asks for, `previous_response_not_found` */
  read(body: unknown, memory?: Memory): Conversation;
  /**
   * @param application name of the key that it came with, if it has one
   * @param memory looked into first
   * @throws TroopError as `read` does, and for what no node takes; the signal's reason
   */
  prepare(
    body: unknown,
    signal: AbortSignal,
    application: string | undefined,
    memory?: Memory,
  ): Promise<Prepared>;
}

export function createPreparing(parts: PrepareParts): Preparing {
  const { store, readRequest, clock, random, log } = parts;
  const nextId: NextId = (prefix) => `${prefix}_${random.uuid().replaceAll("-", "")}`;
  const seconds = () => Math.floor(clock.now() / 1_000);

  function conversationOf(id: string, memory: Memory | undefined): readonly Item[] {
    const remembered = memory?.conversation(id);
    if (remembered) return remembered;
    const resource = store?.resource(id);
    if (!resource) throw notFound();
    if (!isWhole(resource)) {
      const why = `That response is \`${resource.status}\`: only a whole one can be gone on from.`;
      throw new TroopError("invalid_value", why, { param: "previous_response_id" });
    }
    return store!.conversation(id)!;
  }

  function read(body: unknown, memory: Memory | undefined): Conversation {
    const asked = readResponsesRequest(body, nextId);
    if (asked.isBackground && !store) throw nothingKept();
    const { previousResponseId: previous } = asked;
    const before = previous === undefined ? [] : conversationOf(previous, memory);
    const request = resolveReferences(asked, (id) => memory?.item(id) ?? store?.item(id));
    return { request, before, chat: chatOf(request, before) };
  }

  async function prepare(
    body: unknown,
    signal: AbortSignal,
    application: string | undefined,
    memory: Memory | undefined,
  ): Promise<Prepared> {
    const { request, before, chat } = read(body, memory);
    const path = "/v1/chat/completions";
    const wanted = await readRequest(path, chat, signal, application).catch(inOwnWords);
    const id = nextId("resp");
    const createdAt = seconds();

    function keepBy(verb: "keep" | "change", teller: ResponseTeller): void {
      const { input, isStored, previousResponseId: previous } = request;
      const [resource, output] = [teller.resource(), teller.output()];
      if (isWhole(resource)) memory?.remember(id, [...before, ...input, ...output]);
      if (!isStored || !store) return;
      const isRunning = resource.status === "in_progress" || resource.status === "queued";
      try {
        store[verb]({ id, previous, before, input, output, resource, isRunning });
      } catch (error) {
        // A full disk must not cost anybody an answer that was paid for.
        log.warn({ err: error, response: id }, "a response could not be kept");
      }
    }

    return {
      ...{ id, request, wanted },
      ignored: [...request.ignored, ...wanted.ignored],
      createTeller: () => createResponseTeller({ request, id, createdAt, nextId, now: seconds }),
      keep: (teller) => keepBy("keep", teller),
      keepChange: (teller) => keepBy("change", teller),
    };
  }

  return { read, prepare };
}

const inOwnWords = (error: unknown): never => {
  throw error instanceof TroopError ? inResponsesWords(error) : error;
};

/** Half an answer is nothing to go on from: it may end in the middle of a tool's arguments. */
const isWhole = ({ status }: ResponseResource): boolean =>
  status === "completed" || status === "incomplete";

const notFound = () =>
  new TroopError("previous_response_not_found", undefined, { param: "previous_response_id" });

const nothingKept = () =>
  new TroopError(
    "invalid_value",
    "Nothing is kept here (RESPONSES_STORE is off), so nothing can run in the background.",
    { param: "background" },
  );
