/** Joins the network before anything is started for it, showing progress where joining costs work. */
import { joinNetwork } from "../host/join.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { connectCoordinator, type CommandContext } from "./context.ts";
import type { Identity } from "./identity.ts";
import { again } from "./typed-command.ts";

export interface JoinFlags {
  invite?: string;
}

/** @throws TroopError as `joinNetwork` */
export async function joinFirst(
  context: CommandContext,
  { signer: account, accountId }: Identity,
  { invite }: JoinFlags,
): Promise<void> {
  // A key that is to act for another account must not get one of its own: it could never be linked then.
  if (account.id !== accountId) return;
  const { output, shutdown: signal } = context;
  await using coordinator = connectCoordinator(context);
  let bar: ReturnType<typeof output.progress> | undefined;
  try {
    await joinNetwork({
      ...{ coordinator, account, invite, signal },
      onProgress: (share) => {
        bar ??= output.progress("Joining costs this network's newcomers some work, once");
        bar.update(share);
      },
    });
  } catch (error) {
    throw withAdvice(error);
  } finally {
    bar?.done();
  }
}

function withAdvice(error: unknown): unknown {
  if (!(error instanceof TroopError)) return error;
  if (error.code !== "join_required" && error.code !== "invite_invalid") return error;
  return new TroopError(error.code, error.message, {
    cause: error.cause,
    details: { run: `${again} --invite <code>` },
  });
}
