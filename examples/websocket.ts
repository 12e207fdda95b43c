/** Responses over one WebSocket (`npm i openai ws`): for agents that ask often, each turn building on the last. */
import OpenAI from "openai";
import { ResponsesWS } from "openai/resources/responses/ws";

const { TROOP_URL = "http://127.0.0.1:9000", TROOP_API_KEY = "any", TROOP_MODEL } = process.env;
const client = new OpenAI({ baseURL: `${TROOP_URL}/v1`, apiKey: TROOP_API_KEY });
const model = TROOP_MODEL ?? "troop-toy";

const socket = new ResponsesWS(client);
const questions = ["And what is a credit?"];
socket.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
socket.on("event", (event) => {
  if (event.type === "response.output_text.delta") process.stdout.write(event.delta);
  if (event.type !== "response.completed") return;
  console.log();
  const input = questions.shift();
  if (input === undefined) socket.close();
  else
    socket.send({ type: "response.create", model, input, previous_response_id: event.response.id });
});
socket.send({ type: "response.create", model, input: "What is a ticket?" });
