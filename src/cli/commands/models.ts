/** `troop models`: what can be asked for, and what it costs. */
import { typicalAnswer, typicalCost } from "../../client/spending/estimate.ts";
import { shortCredits } from "../../client/spending/refusal.ts";
import { parseRate, picoToMicroUp } from "../../protocol/credits.ts";
import { modelsAnswer } from "../../protocol/offers.ts";
import { parseRates } from "../../protocol/price.ts";
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
    const perThousand = (rate: string) => shortCredits(picoToMicroUp(parseRate(rate) * 1_000n));
    output.table(
      ["model", "nodes", "context", "1,000 tokens of an answer", "a usual answer"],
      answer.data.map(({ id, context_length, troop: { nodes, price } }) => [
        id,
        String(nodes),
        context_length === null ? "?" : String(context_length),
        `${perThousand(price.per_completion_token)} credits`,
        `${shortCredits(typicalCost(parseRates(price)))} credits`,
      ]),
    );
    const { promptTokens, completionTokens } = typicalAnswer;
    output.say(
      output.dim(
        `A usual answer: ${promptTokens} tokens asked, ${completionTokens} answered. Prices are the most that it costs:`,
      ),
    );
    output.say(output.dim("a node that needs few seconds for it charges those instead."));
  }
  output.json(answer);
}
