/** LangChain.js (`npm i @langchain/openai @langchain/core`): a chat, streamed. */
import { HumanMessage, SystemMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";

const { TROOP_URL = "http://127.0.0.1:9000", TROOP_API_KEY = "any", TROOP_MODEL } = process.env;
const chat = new ChatOpenAI({
  model: TROOP_MODEL ?? "troop-toy",
  apiKey: TROOP_API_KEY,
  // By itself it repeats six times, also what may have been charged.
  maxRetries: 1,
  configuration: { baseURL: `${TROOP_URL}/v1` },
});

const stream = await chat.stream([
  new SystemMessage("Answer in one sentence."),
  new HumanMessage("What is a ticket?"),
]);
for await (const { text } of stream) process.stdout.write(text);
console.log();
