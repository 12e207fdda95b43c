/** An engine's count of tokens as a response states it. Pure. */
import { z } from "zod";
import { type Usage, withTotal } from "../answer-shape.ts";
import type { ResponseResource } from "./items.ts";

const count = z.int().nonnegative().catch(0);
const details = z.object({
  prompt_tokens_details: z.object({ cached_tokens: count }).catch({ cached_tokens: 0 }),
  completion_tokens_details: z.object({ reasoning_tokens: count }).catch({ reasoning_tokens: 0 }),
});

export function responseUsage(usage: Usage): NonNullable<ResponseResource["usage"]> {
  const { prompt_tokens, completion_tokens, total_tokens } = withTotal(usage);
  const { prompt_tokens_details, completion_tokens_details } = details.parse(usage);
  const { cached_tokens } = prompt_tokens_details;
  const { reasoning_tokens } = completion_tokens_details;
  return {
    input_tokens: prompt_tokens,
    // Engines keep what they can of a prompt without being asked, and charge nothing for it.
    input_tokens_details: { cached_tokens, cache_write_tokens: 0 },
    output_tokens: completion_tokens ?? 0,
    output_tokens_details: { reasoning_tokens },
    total_tokens: total_tokens ?? prompt_tokens,
  };
}
