/** `troop doctor`: what keeps this machine from lending and asking, and the command that mends each. */
import type { CommandContext } from "../context.ts";
import { EndedWith, exitCodes } from "../failure.ts";
import { programName } from "../typed-command.ts";
import { examine } from "./doctor/examine.ts";
import type { Finding, Level } from "./doctor/finding.ts";
import { doMend, mendText } from "./doctor/mend.ts";

export interface DoctorFlags {
  fix?: boolean;
}

export async function doctor(context: CommandContext, { fix }: DoctorFlags): Promise<void> {
  const { output } = context;
  let findings = await examine(context);
  const mends = findings.flatMap((finding) => finding.mends ?? []);
  const mended: string[] = [];
  if (fix && mends.length > 0) {
    output.note("Mending what can be mended safely:");
    for (const mend of mends) {
      output.note(`  ${mendText(mend)}`);
      const failure = doMend(mend);
      if (failure === undefined) mended.push(mendText(mend));
      else output.note(`    could not be done: ${failure}`);
    }
    findings = await examine(context);
  }
  for (const finding of findings) show(context, finding);
  const count = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  output.say(closing(problems, warnings));
  if (!fix && mends.length > 0) output.say("Some of it is mended at once with --fix.");
  output.json({
    ...{ problems, warnings, mended },
    findings: findings.map(({ check, level, code, cause, run }) => ({
      ...{ check, level, code, cause, run: run ?? null },
    })),
  });
  if (problems > 0) throw new EndedWith(exitCodes.failed);
}

const marks: Readonly<Record<Level, string>> = { ok: "ok", warning: "warning", problem: "PROBLEM" };

function show({ output, environment }: CommandContext, finding: Finding): void {
  const { check, level, cause, run } = finding;
  const mark = marks[level].padEnd(8);
  output.say(
    `${level === "ok" ? output.dim(mark) : output.bold(mark)} ${check.padEnd(12)} ${cause}`,
  );
  const typed = run?.replace(/^troop(?= )/, programName(environment));
  if (typed) output.say(`${" ".repeat(21)} try: ${typed}`);
}

function closing(problems: number, warnings: number): string {
  const some = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;
  if (problems + warnings === 0) return "All is well.";
  return `${some(problems, "problem")}, ${some(warnings, "warning")}.`;
}
