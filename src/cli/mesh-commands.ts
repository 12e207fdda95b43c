/** Commands about the mesh, as the command line declares them. */
import type { Command } from "commander";
import type { AddCommand, Verb } from "./account-commands.ts";
import { example } from "./command-texts.ts";
import { meshJoin } from "./commands/mesh/join.ts";
import { meshStatus } from "./commands/mesh/status.ts";

export function addMeshCommands(program: Command, add: AddCommand): void {
  const mesh = program
    .command("mesh")
    .description("a network of one's own (Tailscale, Headscale) between the machines of a club")
    .addHelpText("after", example("troop mesh status"));
  add("status", "whether this machine is in a mesh, and whose", meshStatus, mesh).addHelpText(
    "after",
    example("troop mesh status --json"),
  );
  add("join", "put this machine into a mesh, by `tailscale up`", meshJoin as Verb, mesh)
    .requiredOption("--login-server <url>", "the mesh's control server: Headscale, or Tailscale's")
    .requiredOption("--auth-key-file <file>", "the file that holds the key (chmod 600)")
    .option("--hostname <name>", "the machine's name in the mesh (default: its own)")
    .option("--dry-run", "print the command instead of running it")
    .addHelpText(
      "after",
      example(
        "troop mesh join --login-server https://headscale.example --auth-key-file mesh.key --dry-run",
      ),
    );
}
