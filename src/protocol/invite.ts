/** Codes that let one account in: written down, read out, typed in. */
import { z } from "zod";
import { digestOf } from "./bytes.ts";

/** Crockford's base 32: no letter is taken for a digit, and none for another. */
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const groups = 4;
const groupCharacters = 4;
export const inviteBytes = groups * groupCharacters;

/** As a person may write it: in capitals, with other separators or none, with o for 0 and l for 1. */
export const inviteText = z.string().min(1).max(64);

/** @param bytes `inviteBytes` random bytes, of which each gives one character of five bits */
export function inviteCode(bytes: Uint8Array): string {
  const characters = Array.from(bytes, (byte) => alphabet[byte & 31]).join("");
  return characters.match(/.{4}/g)!.join("-");
}

/** The name under which a code is kept: who reads it cannot tell the code. */
export const inviteId = (code: string): string =>
  digestOf(
    "troop-invite/1",
    code
      .toLowerCase()
      .replaceAll(/[^0-9a-z]/g, "")
      .replaceAll("o", "0")
      .replaceAll(/[il]/g, "1"),
  );
