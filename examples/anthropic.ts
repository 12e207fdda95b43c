/** Anthropic's SDK (`npm i @anthropic-ai/sdk`): the base URL without `/v1`. Claude Code speaks the same API. */
import Anthropic from "@anthropic-ai/sdk";

const { TROOP_URL = "http://127.0.0.1:9000", TROOP_API_KEY = "any", TROOP_MODEL } = process.env;
const client = new Anthropic({ baseURL: TROOP_URL, apiKey: TROOP_API_KEY });

const stream = client.messages.stream({
  model: TROOP_MODEL ?? "troop-toy",
  max_tokens: 1_024,
  messages: [{ role: "user", content: "What is a ticket?" }],
});
stream.on("text", (text) => process.stdout.write(text));
const { usage, stop_reason } = await stream.finalMessage();
console.log(`\n${usage.output_tokens} tokens, ${stop_reason}`);
