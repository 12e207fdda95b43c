/** Callers of a newer version may say more than is understood here: what is not known of their bodies is left out. */
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { headers, protocolVersion } from "../../protocol/version.ts";

/** To be called before any route is registered. */
export function heedNewerCallers(app: FastifyInstance): void {
  app.addHook("preValidation", async ({ headers: sent, routeOptions, body }) => {
    const { body: schema } = routeOptions.schema ?? {};
    const isNewer = Number(sent[headers.version]) > protocolVersion;
    if (isNewer && schema instanceof z.ZodType) leaveOutUnknown(schema, body);
  });
}

/** Of the body itself, not of what it was signed over: that is kept as it came. */
function leaveOutUnknown(schema: z.ZodType, body: unknown): void {
  for (const issue of schema.safeParse(body).error?.issues ?? []) {
    if (issue.code !== "unrecognized_keys") continue;
    const within = issue.path.reduce<unknown>(
      (value, step) => (value as Record<PropertyKey, unknown>)[step],
      body,
    );
    for (const key of issue.keys) delete (within as Record<string, unknown>)[key];
  }
}
