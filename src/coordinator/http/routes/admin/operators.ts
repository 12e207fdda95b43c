/** `/admin/operators`: who may do what here. A password is made, shown once, and kept as its hash alone. */
import { z } from "zod";
import {
  addOperatorRequest,
  adminOperator,
  adminOperators,
  operatorMade,
  operatorName,
  operatorRoleRequest,
} from "../../../../protocol/admin.ts";
import type { Administration } from "../../../admin/administration.ts";
import type { App } from "../../services.ts";

export function operatorsRoutes(app: App, { operators }: Administration): void {
  const params = z.strictObject({ name: operatorName });
  const list = async () => ({ operators: await operators.list() });

  app.get(
    "/admin/operators",
    { config: { need: "read" }, schema: { hide: true, response: { 200: adminOperators } } },
    list,
  );
  app.post(
    "/admin/operators",
    {
      config: { need: "own", act: "add_operator" },
      schema: { hide: true, body: addOperatorRequest, response: { 200: operatorMade } },
    },
    async (request) => {
      const { name, role } = request.body;
      request.noted = { role };
      return operators.add(name, role, request.operator!.name);
    },
  );
  app.post(
    "/admin/operators/:name/role",
    {
      config: { need: "own", act: "change_role" },
      schema: { hide: true, params, body: operatorRoleRequest, response: { 200: adminOperator } },
    },
    async (request) => {
      const { role } = request.body;
      request.noted = { role };
      return operators.changeRole(request.params.name, role);
    },
  );
  app.post(
    "/admin/operators/:name/password",
    {
      config: { need: "own", act: "change_password" },
      schema: { hide: true, params, response: { 200: operatorMade } },
    },
    async ({ params: { name } }) => operators.changePassword(name),
  );
  app.delete(
    "/admin/operators/:name",
    {
      config: { need: "own", act: "remove_operator" },
      schema: { hide: true, params, response: { 200: adminOperators } },
    },
    async ({ params: { name } }) => {
      await operators.remove(name);
      return list();
    },
  );
}
