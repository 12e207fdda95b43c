/** A refusal names the parameter as whoever asked knows it, and nothing else of it changes. */
import { expect, test } from "vitest";
import { TroopError } from "../../protocol/error-codes.ts";
import { messagesWords } from "./anthropic/own-words.ts";
import { inOwnWords } from "./own-words.ts";

test.each([
  ["messages.1.content.0.image_url.url", "messages"],
  ["tools.0.function.parameters", "tools"],
  ["response_format.json_schema.schema", "output_config.format"],
  ["stop", "stop_sequences"],
  ["chat_template_kwargs.thinking_budget", "thinking"],
  ["chat_template_kwargs.reasoning_effort", "output_config.effort"],
  ["temperature", "temperature"],
])("%s is Anthropic's %s", (param, own) => {
  const refused = new TroopError("invalid_value", `\`${param}\`: too much of $&.`, {
    ...{ param, details: { most: 1 }, retryAfterMs: 5 },
  });
  expect(inOwnWords(messagesWords, refused)).toMatchObject({
    ...{ code: "invalid_value", message: `\`${own}\`: too much of $&.`, param: own },
    ...{ details: { most: 1 }, retryAfterMs: 5 },
  });
});

test("what is no refusal of a parameter stays as it is", () => {
  const other = new Error("broken");
  expect(inOwnWords(messagesWords, other)).toBe(other);
  const general = new TroopError("no_nodes_available");
  expect(inOwnWords(messagesWords, general)).toBe(general);
});
