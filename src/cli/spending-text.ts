/** Where credits went, for people: by application and by model, and what the caps leave. */
import { z } from "zod";
import { shortCredits } from "../client/spending/refusal.ts";
import { creditsText, parseCredits } from "../protocol/credits.ts";
import type { Output } from "./output.ts";

const standing = z.object({
  spent: creditsText,
  cap: creditsText.nullable(),
  left: creditsText.nullable(),
});
type Standing = z.infer<typeof standing>;

/** As the local API's `GET /status` has it. */
const clientDetails = z.object({
  spending: z.object({
    hour: standing,
    day: standing,
    keys: z.array(z.object({ name: z.string().nullable(), hour: standing, day: standing })),
    models: z.array(z.object({ model: z.string(), hour: creditsText, day: creditsText })),
  }),
});

export const short = (text: string): string => shortCredits(parseCredits(text));

/** `0.04 of 5, 4.96 left` */
export const standingText = ({ spent, cap, left }: Standing): string =>
  cap === null || left === null
    ? short(spent)
    : `${short(spent)} of ${short(cap)}, ${short(left)} left`;

/** Says nothing where nothing was spent, and there is no cap. @param details what the local API says of itself */
export function sayWhereCreditsWent(output: Output, details: unknown): void {
  const read = clientDetails.safeParse(details);
  if (!read.success) return;
  const { hour, day, keys, models } = read.data.spending;
  const isSilent = [hour, day].every(
    ({ spent, cap }) => cap === null && parseCredits(spent) === 0n,
  );
  if (isSilent && keys.length === 0) return;
  const nameOf = (name: string | null) =>
    name === null ? "without a key of its own" : `key ${name}`;
  output.table(
    ["credits spent", "last hour", "last 24 hours"],
    [
      ["in all", standingText(hour), standingText(day)],
      ...(keys.some(({ name }) => name !== null)
        ? keys.map((key) => [nameOf(key.name), standingText(key.hour), standingText(key.day)])
        : []),
      ...models.map((model) => [`model ${model.model}`, short(model.hour), short(model.day)]),
    ],
  );
}
