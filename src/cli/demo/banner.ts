/** What the demo prints once it is up: how to use it from a terminal and from a program. */
import type { Output } from "../output.ts";

/** @param troop what the program is called here */
export function printBanner(
  output: Output,
  troop: string,
  baseUrl: string,
  models: readonly string[],
): void {
  const [model = "troop-toy"] = models;
  output.say("");
  output.say(`${output.bold("Monkey Troop is running on this machine.")} Ctrl-C ends it.`);
  output.say(`  base URL  ${output.bold(`${baseUrl}/v1`)}`);
  output.say(
    `  models    ${models.join(", ")}${model === "troop-toy" ? output.dim("   (a toy that knows only this project)") : ""}`,
  );
  output.say("");
  output.say(output.dim("# to talk to it, in another terminal"));
  output.say(`${troop} chat --url ${baseUrl}`);
  output.say("");
  output.say(output.dim("# from a terminal"));
  output.say(`curl ${baseUrl}/v1/chat/completions -H 'content-type: application/json' \\`);
  output.say(
    `  -d '{"model": "${model}", "messages": [{"role": "user", "content": "What is a ticket?"}]}'`,
  );
  output.say("");
  output.say(output.dim("// from a program, with the official SDK (npm i openai)"));
  output.say(`import OpenAI from "openai";`);
  output.say(`const client = new OpenAI({ baseURL: "${baseUrl}/v1", apiKey: "any" });`);
  output.say(`const messages = [{ role: "user", content: "What is a ticket?" }];`);
  output.say(
    `const answer = await client.chat.completions.create({ model: "${model}", messages });`,
  );
  output.say(`console.log(answer.choices[0].message.content);`);
  output.say("");
}
