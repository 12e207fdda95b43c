/** `troop admin operators`: who may do what at the operators' port, beside the administrator. */
import {
  adminOperator,
  adminOperators,
  operatorMade,
  operatorName,
  type OperatorRole,
} from "../../../protocol/admin.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { CommandContext } from "../../context.ts";
import { shownTime } from "./columns.ts";
import { askOperator } from "./desk.ts";

/** @throws TroopError `usage` where that is no operator's name */
function checked(name: string): string {
  if (operatorName.safeParse(name).success) return name;
  throw new TroopError(
    "usage",
    "An operator's name begins with a small letter, and has small letters, digits, dots, dashes and underscores.",
  );
}

const pathOf = (name: string, act = ""): string => `/admin/operators/${checked(name)}${act}`;

export async function operators(context: CommandContext): Promise<void> {
  const { output } = context;
  const path = "/admin/operators";
  const answer = await askOperator(context, { method: "GET", path, answer: adminOperators });
  output.table(
    ["name", "role", "added", "by"],
    answer.operators.map(({ name, role, created_at, created_by }) => [
      ...[name, role, shownTime(created_at), created_by ?? "ADMIN_USER"],
    ]),
  );
  output.json(answer);
}

export async function addOperator(
  context: CommandContext,
  { name, role }: { name: string; role: OperatorRole },
): Promise<void> {
  const call = {
    method: "POST",
    path: "/admin/operators",
    body: { name: checked(name), role },
  } as const;
  tellPassword(context, await askOperator(context, { ...call, answer: operatorMade }));
}

export async function renewPassword(
  context: CommandContext,
  { name }: { name: string },
): Promise<void> {
  const call = { method: "POST", path: pathOf(name, "/password"), answer: operatorMade } as const;
  tellPassword(context, await askOperator(context, call));
}

/** On standard output: it is what was asked for. */
function tellPassword(
  { output }: CommandContext,
  made: { name: string; role: string; password: string },
): void {
  output.note(`The password of ${made.name}, who is ${made.role} here, shown this once:`);
  output.say(made.password);
  output.json(made);
}

export async function changeRole(
  context: CommandContext,
  { name, role }: { name: string; role: OperatorRole },
): Promise<void> {
  const { output } = context;
  const call = { method: "POST", path: pathOf(name, "/role"), body: { role } } as const;
  const changed = await askOperator(context, { ...call, answer: adminOperator });
  output.say(`${changed.name} is ${changed.role} from now on.`);
  output.json(changed);
}

export async function removeOperator(
  context: CommandContext,
  { name }: { name: string },
): Promise<void> {
  const { output } = context;
  const call = { method: "DELETE", path: pathOf(name), answer: adminOperators } as const;
  const left = await askOperator(context, call);
  output.say(`Removed: ${name}`);
  output.json(left);
}
