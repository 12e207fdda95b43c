/** `troop models`: what can be asked for, and what it costs. */
import { formatCredits, parseRate, picoToMicroUp } from "../../protocol/credits.ts";
import { modelsAnswer } from "../../protocol/endpoints.ts";
import { type CommandContext, connectCoordinator } from "../context.ts";

export async function models(context: CommandContext): Promise<void> {
  await using coordinator = connectCoordinator(context);
  const answer = await coordinator.call({
    method: "GET",
    path: "/v1/models",
    answer: modelsAnswer,
    signal: context.shutdown,
  });
  const { output } = context;
  if (answer.data.length === 0) output.say("No model is offered. Lend one: troop worker");
  else {
    const perThousand = (rate: string) => formatCredits(picoToMicroUp(parseRate(rate) * 1_000n));
    output.table(
      ["model", "nodes", "context", "at most, per 1,000 tokens"],
      answer.data.map(({ id, context_length, troop }) => [
        id,
        String(troop.nodes),
        context_length === null ? "?" : String(context_length),
        `${perThousand(troop.price.per_completion_token)} credits`,
      ]),
    );
  }
  output.json(answer);
}
