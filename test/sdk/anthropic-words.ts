/** What the tests with Anthropic's SDK ask, and how they hear a stream. */
import type Anthropic from "@anthropic-ai/sdk";
import { model } from "./sdk-network.ts";

export const asked = {
  ...{ model, max_tokens: 1_024 },
  messages: [{ role: "user" as const, content: "Say hello." }],
};

export async function* textsOf(stream: AsyncIterable<Anthropic.RawMessageStreamEvent>) {
  for await (const event of stream) {
    if (event.type === "content_block_delta" && event.delta.type === "text_delta")
      yield event.delta.text;
  }
}
