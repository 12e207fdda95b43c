/** Commands of whoever lends, as the command line declares them. */
import { Option } from "commander";
import { audiences } from "../worker/guests/settings.ts";
import { yields } from "../worker/idle/settings.ts";
import type { AddCommand, Verb } from "./account-commands.ts";
import { example } from "./command-texts.ts";
import { worker } from "./commands/worker.ts";
import { benchWorker } from "./commands/worker/bench.ts";
import { finishWorker } from "./commands/worker/finish.ts";
import {
  blockRequester,
  reportRequest,
  showBlocked,
  unblockRequester,
} from "./commands/worker/guests.ts";
import { pauseWorker } from "./commands/worker/pause.ts";
import { resumeWorker } from "./commands/worker/resume.ts";
import { showWorkerStatus } from "./commands/worker/status.ts";
import { orInBackground } from "./in-background.ts";
import { logged } from "./role-log.ts";

export function addWorkerCommands(add: AddCommand, addConnected: AddCommand): void {
  const lending = addConnected(
    "worker",
    "lend this machine's engine to others",
    orInBackground("worker", logged("worker", worker as Verb)),
  )
    .option("--daemon", "in the background, until `troop down worker`")
    .option("--model <file>", "load this GGUF file with the built-in engine")
    .option("--engine <url>", "use the OpenAI-compatible server at this URL only")
    .option("--invite <code>", "a code that lets you in, where the coordinator asks for one")
    .option("--listen <host:port>", "where to listen (WORKER_LISTEN)")
    .option("--relay <urls>", "relays to be reached through, or `off` (RELAYS)")
    .option("--port <port>", "the port alone (default 8080, or the next free one)")
    .addOption(
      new Option(
        "--yield <how>",
        "what becomes of running requests when you need the machine (OWNER_YIELD)",
      ).choices(yields),
    )
    .addOption(
      new Option("--for <whom>", "whom to lend to (LEND_TO, default all)").choices(audiences),
    )
    // Flags behind `pause` and its like are their own.
    .enablePositionalOptions()
    .addHelpText(
      "after",
      example(
        "troop worker --coordinator http://127.0.0.1:8000",
        "troop worker --coordinator http://127.0.0.1:8000 --model model.gguf",
        "troop worker pause",
      ),
    );
  const verbs = [
    ["status", "what the worker here is doing", showWorkerStatus],
    ["bench", "what this machine would prove, and count as", benchWorker],
    ["pause", "the machine is yours: take no new requests until `resume`", pauseWorker],
    ["resume", "lend again", resumeWorker],
    ["finish", "complete what runs, take nothing more, and end", finishWorker],
    ["block <requester>", "compute nothing more for somebody", blockRequester as Verb],
    ["unblock <requester>", "lend to somebody again", unblockRequester as Verb],
    ["blocked", "whom nothing is computed for", showBlocked],
  ] as const;
  for (const [name, description, verb] of verbs)
    add(name, description, verb, lending).addHelpText("after", example(`troop worker ${name}`));
  add("report <hold>", "keep a complaint about a request", reportRequest as Verb, lending)
    .option("--reason <text>", "what was wrong with it")
    .addHelpText("after", example('troop worker report <hold> --reason "asked for malware"'));
}
