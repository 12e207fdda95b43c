/** Vercel's AI SDK (`npm i ai @ai-sdk/openai`): its provider for OpenAI speaks the Responses API by default. */
import { createOpenAI } from "@ai-sdk/openai";
import { streamText } from "ai";

const { TROOP_URL = "http://127.0.0.1:9000", TROOP_API_KEY = "any", TROOP_MODEL } = process.env;
const troop = createOpenAI({ baseURL: `${TROOP_URL}/v1`, apiKey: TROOP_API_KEY });

const result = streamText({
  model: troop(TROOP_MODEL ?? "troop-toy"),
  prompt: "What is a ticket?",
  // By itself it repeats twice, also what may have been charged.
  maxRetries: 0,
});
// The stream of texts alone would end without a word where the answer broke off.
for await (const part of result.fullStream) {
  if (part.type === "error") throw part.error;
  if (part.type === "text-delta") process.stdout.write(part.text);
}
console.log(`\n${(await result.totalUsage).totalTokens} tokens`);
