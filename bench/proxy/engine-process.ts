/** The mock engine: speaks the OpenAI dialect as llama-server does, and answers as the request's plan says. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as pause } from "node:timers/promises";
import { eventsOf, model, planOf } from "./answer.ts";

/** Requests at once; far more than any measurement needs. */
const slots = 512;
const about: Readonly<Record<string, object>> = {
  "/health": { status: "ok" },
  "/v1/models": { object: "list", data: [{ id: model, object: "model", owned_by: "llamacpp" }] },
  "/props": { default_generation_settings: {}, total_slots: slots, build_info: "bench" },
};

let released = Promise.withResolvers<void>();

async function answer(body: string, response: ServerResponse): Promise<void> {
  const plan = planOf(body);
  const { opening, ending } = eventsOf(plan);
  const write = async (events: readonly string[]) => {
    if (plan.pauseMs === 0) return void response.write(events.join(""));
    for (const event of events) {
      response.write(event);
      await pause(plan.pauseMs);
    }
  };
  response.writeHead(200, { "content-type": "text/event-stream" });
  if (plan.isHeld) {
    await write(opening);
    await released.promise;
    await write(ending);
  } else {
    await write([...opening, ...ending]);
  }
  response.end();
}

// Connections stay open between two measurements.
const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.method === "POST")
    return void text(request)
      .then((body) => answer(body, response))
      .catch(() => response.destroy());
  const known = about[request.url!];
  response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
  return response.end(JSON.stringify(known ?? {}));
});
server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port));

// The only thing that is ever said: held answers go on.
process.on("message", () => {
  released.resolve();
  released = Promise.withResolvers<void>();
  process.send!({});
});
process.once("disconnect", () => process.exit());
