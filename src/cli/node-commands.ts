/** Commands about nodes, as the command line declares them. */
import type { AddCommand, Verb } from "./account-commands.ts";
import { example } from "./command-texts.ts";
import { nodes } from "./commands/nodes.ts";
import { ping } from "./commands/ping.ts";
import { acceptPin, forgetPin, showPins } from "./commands/pins.ts";

export function addNodeCommands(add: AddCommand, addConnected: AddCommand): void {
  const listed = addConnected("nodes", "nodes that lend now", nodes as Verb)
    .option("--model <name>", "only those that offer it")
    // Flags behind `pins` are its own.
    .enablePositionalOptions()
    .addHelpText("after", example("troop nodes --model troop-toy", "troop nodes pins"));
  add("pins", "who vouched for each node when it was first asked", showPins, listed).addHelpText(
    "after",
    example("troop nodes pins --json"),
  );
  add(
    "accept <node> <owner>",
    "believe another owner's word for a node than the one remembered",
    acceptPin as Verb,
    listed,
  ).addHelpText("after", example("troop nodes accept <node> <owner>"));
  add(
    "forget <node>",
    "believe whoever vouches for the node next",
    forgetPin as Verb,
    listed,
  ).addHelpText("after", example("troop nodes forget <node>"));
  addConnected(
    "ping <node>",
    "by which paths a node is reached, and how long each takes; costs nothing",
    ping as Verb,
  ).addHelpText("after", example("troop ping <node>", "troop ping <first letters of its id>"));
}
