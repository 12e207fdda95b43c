/** The second half of admission: a free slot, then the body, then whether it asks for what the ticket is for. */
import {
  type InferencePath,
  type InferenceRequest,
  isContinuation,
  readInferenceRequest,
} from "../../protocol/chat.ts";
import { type ErrorCode, TroopError } from "../../protocol/error-codes.ts";
import { readStrictJson } from "../../protocol/strict-json.ts";
import type { Catalogue } from "../catalogue.ts";
import { fitsDigest, type Offer } from "../catalogue-offers.ts";
import type { Slot, Slots } from "../slots.ts";
import type { Admitted } from "./admit.ts";

export interface ReceiveParts {
  catalogue: Pick<Catalogue, "offersOf">;
  slots: Slots;
  /** Why nothing is taken at present, for example because the worker is about to stop. */
  refusal: () => ErrorCode | undefined;
}

/** A request that may run, the slot it runs in, and the engines that can compute it, best first. */
export interface Received {
  request: InferenceRequest;
  offers: readonly [Offer, ...Offer[]];
  slot: Slot;
  releaseBody(): void;
}

/** Clients try another node at once; this is for those that have no other. */
const retryAfterMs: Partial<Record<ErrorCode, number>> = {
  busy: 1_000,
  owner_busy: 60_000,
  draining: 60_000,
};

const refuse = (code: ErrorCode) => {
  const wait = retryAfterMs[code];
  return new TroopError(code, undefined, wait === undefined ? {} : { retryAfterMs: wait });
};

/**
 * @throws TroopError `busy`, `owner_busy`, `draining`, `engine_error`, `request_timeout`, `request_too_large`,
 *   `invalid_value`, `wrong_model`, `unsupported_parameter`, and what `readStrictJson` refuses
 */
export async function receive(
  { ticket: { claims }, path, frames }: Pick<Admitted, "ticket" | "path" | "frames">,
  { catalogue, slots, refusal }: ReceiveParts,
): Promise<Received> {
  const mayRun = () => {
    const code = refusal();
    if (code) throw refuse(code);
  };
  mayRun();
  const offered = catalogue.offersOf(claims.model);
  if (offered.length === 0)
    throw new TroopError("engine_error", "No engine of this node offers the model any more.");
  const fitting = offered.filter((offer) => fitsDigest(offer, claims.model_digest));
  if (fitting.length === 0)
    throw new TroopError("wrong_model", "The model's content is not what the ticket names.");
  const [slot, first] = takeSlot(slots, fitting, claims.own ? undefined : claims.sub);
  try {
    const body = await frames.body();
    try {
      // A body may take its time, and the owner come back meanwhile.
      mayRun();
      const request = readBody(path, body.bytes, claims.model);
      const others = fitting.filter((offer) => offer !== first && canDo(request, offer));
      if (!canDo(request, first)) throw cannotContinue();
      return { request, offers: [first, ...others], slot, releaseBody: body.release };
    } catch (error) {
      body.release();
      throw error;
    }
  } catch (error) {
    slot.release();
    throw error;
  }
}

const canDo = ({ fields }: InferenceRequest, { model }: Offer): boolean =>
  !isContinuation(fields) || model.capabilities.includes("prefill");

const cannotContinue = () =>
  new TroopError("unsupported_parameter", "This node's engine cannot go on with a message.", {
    param: "continue_final_message",
  });

function takeSlot(
  slots: Slots,
  offers: readonly Offer[],
  requester: string | undefined,
): [Slot, Offer] {
  for (const offer of offers) {
    const slot = slots.take(offer.engine, requester);
    if (slot) return [slot, offer];
  }
  throw refuse("busy");
}

function readBody(path: InferencePath, bytes: Uint8Array, model: string): InferenceRequest {
  const request = readInferenceRequest(path, readStrictJson(bytes));
  if (request.model !== model) throw new TroopError("wrong_model");
  return request;
}
