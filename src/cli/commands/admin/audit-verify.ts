/** `troop admin audit verify`: names every row of the audit log that was altered, taken out or put in. */
import { InvalidArgumentError } from "commander";
import { type AuditMark, auditMarkText, auditReport, writeMark } from "../../../protocol/audit.ts";
import type { CommandContext } from "../../context.ts";
import { EndedWith, exitCodes } from "../../failure.ts";
import { askOperator, queryOf } from "./desk.ts";

export function readMark(text: string): AuditMark {
  const mark = auditMarkText.safeParse(text);
  if (mark.success) return mark.data;
  throw new InvalidArgumentError("It takes what a report gave as the chain's end: 128:AbC….");
}

export async function auditVerify(
  context: CommandContext,
  { expect }: { expect?: AuditMark },
): Promise<void> {
  const { output } = context;
  const path = `/admin/audit/verify${queryOf({ expect: expect && writeMark(expect) })}`;
  const report = await askOperator(context, { method: "GET", path, answer: auditReport });
  const { sound, rows, tip, compared, flaws, flawed } = report;
  if (sound) {
    output.say(
      `The audit log is as it was written: ${rows} rows, ${compared} of them also by file.`,
    );
    output.say(`It ends at ${writeMark(tip)}`);
    output.say(
      output.dim(
        `write that down elsewhere: troop admin audit verify --expect ${writeMark(tip)} holds it against then`,
      ),
    );
  } else {
    output.table(
      ["what is wrong", "position", "row"],
      flaws.map(({ flaw, position, id }) => [
        flaw.replaceAll("_", " "),
        String(position ?? ""),
        id ?? "",
      ]),
    );
    if (flawed > flaws.length) output.say(`and ${flawed - flaws.length} more`);
  }
  output.json(report);
  if (!sound) throw new EndedWith(exitCodes.failed);
}
