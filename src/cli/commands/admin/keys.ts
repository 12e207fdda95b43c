/** `troop admin keys`: the keys that sign tickets, and adding the next one. */
import { type KeyRingAnswer, keyRingAnswer } from "../../../protocol/admin.ts";
import type { CommandContext } from "../../context.ts";
import type { Output } from "../../output.ts";
import { shownTime } from "./columns.ts";
import { askOperator } from "./desk.ts";

const meanings: Readonly<Record<KeyRingAnswer["keys"][number]["state"], string>> = {
  next: "published, signs from then on",
  signing: "signs",
  published: "published until its last ticket is dead",
  over: "over",
};

function show(output: Output, answer: KeyRingAnswer): void {
  output.table(
    ["key", "from", "state"],
    answer.keys.map(({ number, used_from, state }) => [
      ...[String(number), shownTime(used_from), meanings[state]],
    ]),
  );
  output.json(answer);
}

export async function keys(context: CommandContext): Promise<void> {
  const call = { method: "GET", path: "/admin/keys", answer: keyRingAnswer } as const;
  show(context.output, await askOperator(context, call));
}

export async function rotateKeys(context: CommandContext): Promise<void> {
  const call = { method: "POST", path: "/admin/keys/rotate", answer: keyRingAnswer } as const;
  show(context.output, await askOperator(context, call));
}
