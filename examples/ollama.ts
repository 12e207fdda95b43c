/** ollama-js (`npm i ollama`): other people's machines in place of one's own. */
import { Ollama } from "ollama";

const { TROOP_URL = "http://127.0.0.1:9000", TROOP_API_KEY = "any", TROOP_MODEL } = process.env;
const ollama = new Ollama({
  host: TROOP_URL,
  headers: { authorization: `Bearer ${TROOP_API_KEY}` },
});

const { models } = await ollama.list();
const stream = await ollama.chat({
  model: TROOP_MODEL ?? models[0]?.name ?? "troop-toy",
  messages: [{ role: "user", content: "What is a ticket?" }],
  stream: true,
});
for await (const { message, done, eval_count } of stream) {
  process.stdout.write(message.content);
  if (done) console.log(`\n${eval_count} tokens`);
}
