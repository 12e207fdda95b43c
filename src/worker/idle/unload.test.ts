/** Asking an engine to let go of a model: at its own path, and believed only where it says that it did. */
import { Agent } from "undici";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { startFakeEngine, testModel } from "../../../test/support/fake-engine/fake-engine.ts";
import { errorStatus } from "../../../test/support/fake-engine/script.ts";
import { ollama } from "../engines/ollama.ts";
import { createUnload } from "./unload.ts";

test("an Ollama below a path of its origin is asked there, and its refusal is one", async () => {
  await using fake = await startFakeEngine();
  const clock = createFakeClock();
  const dispatcher = new Agent();
  const unload = createUnload({ clock, dispatcher });
  const engine = ollama.create({ origin: fake.origin, basePath: "/ollama", clock });
  const offer = { engine, model: testModel("m"), ownName: "m:own" };
  const { signal } = new AbortController();
  await unload(offer, signal);
  expect(fake.requests.all).toMatchObject([
    { path: "/ollama/api/generate", body: { model: "m:own", keep_alive: 0 } },
  ]);
  fake.play(errorStatus(500));
  await expect(unload(offer, signal)).rejects.toMatchObject({ code: "engine_error" });
  await dispatcher.destroy();
});
