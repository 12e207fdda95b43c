/** Where operators are listened to, and who they are: read here from the environment. */
import { z } from "zod";
import type { CertificateFiles } from "../../host/certificate.ts";
import { coordinatorKind } from "../../host/coordinator-url.ts";
import { type Environment, readSecret, readSettings } from "../../host/env.ts";
import { readListenAddress } from "../../host/listen.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import type { OperatorConfig } from "./operator-listener.ts";

const listenText = z.string().transform((text, context) => {
  const address = readListenAddress(text);
  if (!address) context.addIssue("expected an address such as 127.0.0.1:8001");
  return address ?? z.NEVER;
});

const settings = z.object({
  OPERATOR_LISTEN: z.union([z.literal("off"), listenText]).optional(),
  OPERATOR_URL: z.url({ protocol: /^https?$/ }).optional(),
  ADMIN_USER: z
    .string()
    .regex(/^[^:\p{Cc}]{1,64}$/u, "expected a name without colons")
    .default("admin"),
});

const leastPasswordCharacters = 12;
const usualPlace = { host: "127.0.0.1", port: 8_001 };

const invalid = (name: string, reason: string): TroopError =>
  new TroopError("configuration_invalid", `${name} ${reason}`, { param: name });

/**
 * @param tls the coordinator's own certificate, where it has one
 * @returns undefined where operators are listened to nowhere
 * @throws TroopError `configuration_invalid`
 */
export function readOperatorConfig(
  environment: Environment,
  tls: CertificateFiles | undefined,
): OperatorConfig | undefined {
  const read = readSettings(environment, settings);
  const { OPERATOR_LISTEN: listen, OPERATOR_URL: url, ADMIN_USER: user } = read;
  if (listen === "off") return undefined;
  const password = readSecret(environment, "ADMIN_PASSWORD");
  if (password !== undefined && password.length < leastPasswordCharacters)
    throw invalid("ADMIN_PASSWORD", `must have ${leastPasswordCharacters} characters or more.`);
  const { protocol, username } = new URL(url ?? "http://127.0.0.1");
  if (username)
    throw invalid("OPERATOR_URL", "names nobody: people say who they are when they call.");
  if (url && protocol === "http:" && coordinatorKind(url) !== "loopback")
    throw invalid("OPERATOR_URL", "must begin with https:// unless it is on this machine.");
  const place = { listen: listen ?? usualPlace, isChosen: listen !== undefined };
  return { ...place, user, password, url, tls: protocol === "https:" ? tls : undefined };
}
