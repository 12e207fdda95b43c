/** An account's key under a passphrase: scrypt makes the passphrase slow to guess, AES-256-GCM seals and authenticates. */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  scrypt,
  type KeyObject,
} from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";
import type { Random } from "../base/random.ts";
import { fromBase64url, toBase64url } from "../protocol/bytes.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { thumbprintText } from "../protocol/ids.ts";
import { publicPartOf } from "../protocol/signature.ts";
import type { PrivateJwk } from "./key-file.ts";

export interface KeyBackup {
  accountId: string;
  key: PrivateJwk;
}

/** 128 MiB and about half a second for each guess. */
const cost = { N: 2 ** 17, r: 8, p: 1 } as const;
const format = "monkey-troop-account/1";

const bytesText = z.string().max(8_192);
const backupFile = z.strictObject({
  format: z.literal(format),
  // Only what we write ourselves: a file of somebody else's making does not choose how much memory it takes.
  kdf: z.strictObject({
    name: z.literal("scrypt"),
    N: z.literal(cost.N),
    r: z.literal(cost.r),
    p: z.literal(cost.p),
    salt: bytesText,
  }),
  cipher: z.literal("A256GCM"),
  iv: bytesText,
  sealed: bytesText,
});
const content = z.strictObject({
  account_id: thumbprintText,
  key: z.looseObject({ kty: z.string(), d: z.string() }),
});

const deriveBytes = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

async function deriveKey(passphrase: string, salt: Uint8Array): Promise<KeyObject> {
  // The same passphrase typed on two machines may be composed of different code points.
  const text = passphrase.normalize("NFKC");
  const options = { ...cost, maxmem: 256 * cost.N * cost.r };
  return createSecretKey(await deriveBytes(text, salt, 32, options));
}

const tagBytes = 16;
const associated = Buffer.from(format);

/** @returns the text of the file */
export async function sealBackup(
  { accountId, key }: KeyBackup,
  passphrase: string,
  random: Random,
): Promise<string> {
  const [salt, iv] = [random.bytes(16), random.bytes(12)];
  const cipher = createCipheriv("aes-256-gcm", await deriveKey(passphrase, salt), iv);
  cipher.setAAD(associated);
  const plain = JSON.stringify({ account_id: accountId, key });
  const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final(), cipher.getAuthTag()]);
  const file: z.infer<typeof backupFile> = {
    format,
    kdf: { name: "scrypt", ...cost, salt: toBase64url(salt) },
    cipher: "A256GCM",
    iv: toBase64url(iv),
    sealed: toBase64url(sealed),
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** @throws TroopError `key_file_invalid` where it is no backup, was altered, or the passphrase is another */
export async function openBackup(text: string, passphrase: string): Promise<KeyBackup> {
  const file = readFile(text);
  const [salt, iv, sealed] = [file.kdf.salt, file.iv, file.sealed].map(fromBase64url);
  if (!salt || iv?.length !== 12 || !sealed || sealed.length <= tagBytes) throw notABackup();
  try {
    const decipher = createDecipheriv("aes-256-gcm", await deriveKey(passphrase, salt), iv);
    decipher.setAAD(associated);
    decipher.setAuthTag(sealed.subarray(-tagBytes));
    const plain = decipher.update(sealed.subarray(0, -tagBytes), undefined, "utf8");
    const { account_id, key } = content.parse(JSON.parse(plain + decipher.final("utf8")));
    publicPartOf(key);
    return { accountId: account_id, key: key as unknown as PrivateJwk };
  } catch (error) {
    throw new TroopError(
      "key_file_invalid",
      "The backup does not open: the passphrase is another one, or the file was altered.",
      { cause: error },
    );
  }
}

function readFile(text: string): z.infer<typeof backupFile> {
  try {
    return backupFile.parse(JSON.parse(text));
  } catch (error) {
    throw notABackup(error);
  }
}

const notABackup = (cause?: unknown) =>
  new TroopError("key_file_invalid", "The file is not the backup of an account.", { cause });
