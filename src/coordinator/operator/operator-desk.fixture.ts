/** Operators of every role, who call a coordinator as `curl -u` does. */
import { afterAll } from "vitest";
import type { OperatorRole } from "../../protocol/admin.ts";
import { openCoordinator, type TestCoordinator } from "../coordinator.fixture.ts";
import type { Role } from "./roles.ts";

export const operator = {
  ...{ listen: { host: "127.0.0.1", port: 0 }, isChosen: true },
  ...{ user: "admin", password: "correct horse battery" },
};

export interface Desk {
  troop: TestCoordinator;
  ask(
    role: Role,
    method: "GET" | "POST" | "DELETE",
    path: string,
    body?: object,
    // Tests look into answers of every shape.
    // oxlint-disable-next-line typescript/no-explicit-any
  ): Promise<{ status: number; body: any }>;
}

/** A coordinator with an operator of each role, named after it. Closed after the file's tests. */
export async function openDesk(settings: { databaseUrl: string | undefined }): Promise<Desk> {
  const troop = await openCoordinator({ ...settings, operator } as object);
  afterAll(() => troop[Symbol.asyncDispose]());
  const words = new Map<Role, string>([["administrator", `admin:${operator.password}`]]);
  const ask: Desk["ask"] = async (role, method, url, body) => {
    const authorization = `Basic ${Buffer.from(words.get(role)!).toString("base64")}`;
    const answer = await troop.coordinator.inject({
      ...{ method, url, headers: { authorization } },
      ...(body ? { payload: body } : {}),
    });
    return { status: answer.statusCode, body: answer.json() };
  };
  for (const role of ["viewer", "operator", "treasurer"] satisfies OperatorRole[]) {
    const body = { name: role, role };
    const made = await ask("administrator", "POST", "/admin/operators", body);
    words.set(role, `${role}:${made.body.password}`);
  }
  return { troop, ask };
}
