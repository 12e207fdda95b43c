/** Whether a model goes on with what another began: names may mean several builds of one model. Pure. */
import type { Model } from "../../protocol/node.ts";

/** What engines publish of a model's content. */
type Content = Pick<Model, "digest" | "quantization">;

/** By digest where both publish one, else by quantization where both do: of two that share a name already. */
export function isSameContent(begunBy: Content | undefined, offer: Content): boolean {
  if (begunBy?.digest && offer.digest) return begunBy.digest === offer.digest;
  if (begunBy?.quantization && offer.quantization)
    return begunBy.quantization.toUpperCase() === offer.quantization.toUpperCase();
  return true;
}
