/**
 * `troop admin canary`: compares nodes that say that they run the same model. It is a requester like any other, with an
 * account of its own: nodes get the same tickets, sealed requests and credits from it as from everybody. What was asked
 * and answered stays in this process; the coordinator's books get the verdicts alone.
 */
import { join } from "node:path";
import { readSidecarConfig } from "../../../client/config.ts";
import { startSidecar } from "../../../client/sidecar.ts";
import { readCapFlag } from "../../../client/spending/config.ts";
import {
  type FoundConsistency,
  readLengths,
  writeConsistency,
} from "../../../coordinator/admin/consistency-store.ts";
import { accountKeyFile } from "../../../host/account-files.ts";
import { ensureFolder } from "../../../host/folders.ts";
import { loadSigner } from "../../../host/key-file.ts";
import { peersAnswer } from "../../../protocol/offers.ts";
import {
  compareNodes,
  type Finding,
  findAlike,
  isOurDoing,
  type Question,
} from "../../canary/compare-nodes.ts";
import { usualLengths } from "../../canary/prompts.ts";
import { type CommandContext, connectCoordinator, coordinatorUrl } from "../../context.ts";
import { joinFirst } from "../../join.ts";
import { streamAnswer } from "../../stream-answer.ts";
import { coordinatorSettings, openCurrentBooks } from "./books.ts";

export interface CanaryFlags {
  prompts: number;
  daily: string;
  invite?: string;
}

type Decided = Finding & { verdict: FoundConsistency["verdict"] };

export async function canary(context: CommandContext, flags: CanaryFlags): Promise<void> {
  const { output, random, clock } = context;
  await using stack = new AsyncDisposableStack();
  // An embedded database belongs to the coordinator, which has to run meanwhile.
  const hasBooks = coordinatorSettings(context).databaseUrl !== undefined;
  const books = hasBooks ? stack.use(await openCurrentBooks(context)) : undefined;
  const { ask, nodes } = await startRequester(context, flags, stack);
  const known = books ? await readLengths(books.database) : [];
  const lengths = known.length > 0 ? known : usualLengths;

  const findings: Finding[] = [];
  try {
    for (const alike of findAlike(nodes, random))
      findings.push(...(await compareNodes(alike, { ...flags, ask, random, lengths })));
  } catch (error) {
    if (!isOurDoing(error)) throw error;
    output.note(`${error.message} What was compared until then counts.`);
  }
  const decided = findings.filter((found): found is Decided => found.verdict !== "undecided");
  if (books) await writeConsistency(books.database, decided, clock.now());
  show(context, findings, hasBooks);
  output.json({ findings, stored: books ? decided.length : 0 });
}

/** A local API of its own for as long as the command runs, and what is on offer. */
async function startRequester(
  context: CommandContext,
  flags: CanaryFlags,
  stack: AsyncDisposableStack,
) {
  const { config, random, shutdown: signal } = context;
  const folder = ensureFolder(join(config.dataFolder, "canary"));
  const account = await loadSigner(accountKeyFile(folder), random);
  await joinFirst(context, { signer: account, accountId: account.id }, flags);
  const key = random.uuid();
  // Nothing of the settings of whoever uses this machine.
  const settings = readSidecarConfig(
    {},
    {
      ...{ coordinatorUrl: coordinatorUrl(context), dataFolder: join(folder, "client") },
      ...{ listen: { host: "127.0.0.1", port: 0 }, apiKey: key, keepsResponses: false },
      caps: { daily: readCapFlag(flags.daily, "--daily") },
    },
  );
  const sidecar = stack.use(await startSidecar(settings, { ...context, account }));
  const coordinator = stack.use(connectCoordinator(context));
  const { nodes } = await coordinator.call({
    ...{ method: "GET", path: "/peers", answer: peersAnswer, signer: account, signal },
  });
  const ask = async ({ node, model, content, answerTokens }: Question): Promise<string> => {
    let thoughts = "";
    const listener = {
      text: () => undefined,
      thought: (piece: string) => void (thoughts += piece),
    };
    const question = {
      ...{ url: sidecar.url, key, model, messages: [{ role: "user" as const, content }] },
      ...{ temperature: 0, max_tokens: answerTokens, troop: { only: [node] } },
    };
    const { text } = await streamAnswer(question, listener, signal);
    return thoughts + text;
  };
  return { nodes, ask };
}

function show({ output }: CommandContext, findings: readonly Finding[], isKept: boolean): void {
  if (findings.length === 0)
    return output.say("No two owners offer a model under the same digest: nothing to compare.");
  output.table(
    ["node", "model", "answers", "alike", "peers"],
    findings.map(({ node, model, verdict, agreement, prompts, peers }) => [
      ...[node.slice(0, 12), model, verdict === "consistent" ? "consistent with peers" : verdict],
      ...[`${Math.round(agreement * prompts)}/${prompts}`, String(peers)],
    ]),
  );
  if (!isKept)
    output.note("Reputations stay as they are: only books in PostgreSQL can be written beside a coordinator."); // prettier-ignore
}
