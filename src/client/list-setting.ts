/** Settings that are lists. */
import { z } from "zod";
import { thumbprintText } from "../protocol/ids.ts";

/** Values separated by commas. @param what they are, as the complaint about another says it */
export const listOf = (isOne: (part: string) => boolean, what: string) =>
  z.string().transform((text, context) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter(Boolean)
      .map((part) => {
        if (isOne(part)) return part;
        context.addIssue(`"${part}" is no ${what}`);
        return z.NEVER;
      }),
  );

/** Of nodes, or of owners' keys. */
export const thumbprints = listOf(
  (part) => thumbprintText.safeParse(part).success,
  "id: 43 characters, as `troop nodes` shows them",
);
