/** `/admin/users/:id/export`, `/delete`: what is kept of one account, whole; and its end. */
import { Readable } from "node:stream";
import { z } from "zod";
import { deletionAnswer, deletionRequest } from "../../../../protocol/admin.ts";
import { TroopError } from "../../../../protocol/error-codes.ts";
import { thumbprintText } from "../../../../protocol/ids.ts";
import { hasAccount } from "../../../accounts/store.ts";
import type { Administration } from "../../../admin/administration.ts";
import type { App } from "../../services.ts";

export function personalRoutes(
  app: App,
  { database, personal, auditReading }: Administration,
): void {
  const params = z.strictObject({ id: thumbprintText });

  app.get(
    "/admin/users/:id/export",
    { config: { need: "handle", act: "export_user" }, schema: { hide: true, params } },
    async ({ params: { id } }, reply) => {
      if (!(await hasAccount(database, id))) throw new TroopError("account_unknown");
      await auditReading.flush();
      return reply
        .type("application/json; charset=utf-8")
        .send(Readable.from(personal.exported(id)));
    },
  );
  app.post(
    "/admin/users/:id/delete",
    {
      config: { need: "own", act: "delete_user" },
      schema: { hide: true, params, body: deletionRequest, response: { 200: deletionAnswer } },
    },
    async (request) => {
      const { dry_run: isTrial } = request.body;
      request.noted = { dry_run: isTrial };
      return personal.erase(request.params.id, isTrial);
    },
  );
}
