/** OpenAI's SDK (`npm i openai`): nothing but the base URL is changed. */
import OpenAI from "openai";

const { TROOP_URL = "http://127.0.0.1:9000", TROOP_API_KEY = "any", TROOP_MODEL } = process.env;
const client = new OpenAI({ baseURL: `${TROOP_URL}/v1`, apiKey: TROOP_API_KEY });

const { data: models } = await client.models.list();
const model = TROOP_MODEL ?? models[0]?.id ?? "troop-toy";

const stream = await client.chat.completions.create({
  model,
  messages: [{ role: "user", content: "What is a ticket?" }],
  stream: true,
  stream_options: { include_usage: true },
});
for await (const { choices, usage } of stream) {
  process.stdout.write(choices[0]?.delta.content ?? "");
  if (usage) console.log(`\n${usage.prompt_tokens} + ${usage.completion_tokens} tokens`);
}
