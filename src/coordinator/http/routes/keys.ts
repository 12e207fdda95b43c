/** `GET /.well-known/jwks.json`, `GET /public-key`: the keys that tickets are signed with. Public. */
import { z } from "zod";
import { publicKeyAnswer } from "../../../protocol/endpoints.ts";
import type { App, Services } from "../services.ts";

const keySetAnswer = z.object({
  keys: z.array(
    z.strictObject({
      kty: z.string(),
      n: z.string(),
      e: z.string(),
      kid: z.string(),
      alg: z.string(),
      use: z.string(),
    }),
  ),
});

export function keysRoute(app: App, { keyRing }: Services): void {
  app.get(
    "/.well-known/jwks.json",
    { schema: { summary: "Keys of tickets, as a JWK set", response: { 200: keySetAnswer } } },
    async () => keySetAnswer.parse(keyRing.keySet),
  );
  app.get(
    "/public-key",
    {
      schema: { summary: "The signing key of tickets, as PEM", response: { 200: publicKeyAnswer } },
    },
    async () => ({ public_key: keyRing.pem }),
  );
}
