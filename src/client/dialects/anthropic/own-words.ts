/** What Anthropic's API calls the parameters that the chat's own table may refuse. */
import type { OwnWords } from "../own-words.ts";

export const messagesWords: OwnWords = [
  // The numbers of messages and of tools are others there.
  [/^messages\b.*$/, "messages"],
  [/^tools\b.*$/, "tools"],
  [/^response_format\b.*$/, "output_config.format"],
  [/^stop\b/, "stop_sequences"],
  [/^(?:chat_template_kwargs\.)?reasoning_effort$/, "output_config.effort"],
  [/^chat_template_kwargs\b.*$/, "thinking"],
];
