/** `troop balance`: what the account has, what is reserved, what is on the way. */
import { parseCredits } from "../../protocol/credits.ts";
import { balanceAnswer } from "../../protocol/endpoints.ts";
import { type CommandContext, connectCoordinator } from "../context.ts";
import { identityOf } from "../identity.ts";

export async function balance(context: CommandContext): Promise<void> {
  const { signer, accountId } = await identityOf(context);
  await using coordinator = connectCoordinator(context);
  const answer = await coordinator.call({
    method: "GET",
    path: `/users/${accountId}/balance`,
    answer: balanceAnswer,
    signer,
    signal: context.shutdown,
  });
  const { output } = context;
  output.say(`${output.bold(answer.available)} credits to spend`);
  output.say(
    output.dim(
      `${answer.balance} posted, ${answer.held} held by open tickets, ${answer.vesting} vesting`,
    ),
  );
  if (parseCredits(answer.balance) === 0n && parseCredits(answer.vesting) === 0n)
    output.note("A new account is given its starter credits with its first request.");
  output.json(answer);
}
