import { expect, test } from "vitest";
import { needsOf } from "./needs.ts";

const url = `data:image/png;base64,${"A".repeat(1_000)}`;
const shown = { type: "image_url", image_url: { url } };

test("images and tools are needs, and what is written is none", () => {
  expect(needsOf({ messages: [{ role: "user", content: "an image_url" }] })).toEqual({
    ...{ capabilities: [], images: 0, imageCharacters: 0 },
  });
  const content = [{ type: "text", text: "What is it?" }, shown, shown];
  expect(needsOf({ messages: [{ role: "user", content }], tools: [{}] })).toEqual({
    ...{ capabilities: ["vision", "tools"], images: 2, imageCharacters: 2 * url.length },
  });
  expect(needsOf({ prompt: "plain", tools: [] }).capabilities).toEqual([]);
});
