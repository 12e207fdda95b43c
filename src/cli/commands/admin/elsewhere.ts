/**
 * Operators' commands for a coordinator that runs elsewhere: asked at its operators' port, by name and password, as
 * `curl -u` does. Over TLS, which is verified, or on this machine alone, where a tunnel may begin.
 */
import { Agent, request } from "undici";
import { deadline } from "../../../base/clock.ts";
import { coordinatorKind, readCoordinatorUrl } from "../../../host/coordinator-url.ts";
import { shellWord } from "../../../host/shell-word.ts";
import { errorAnswer } from "../../../protocol/endpoints.ts";
import { type ErrorCode, isErrorCode, TroopError } from "../../../protocol/error-codes.ts";
import { limits } from "../../../protocol/limits.ts";
import { readAdminPassword } from "../../config.ts";
import {
  type CommandContext,
  type OperatorQuestion,
  type OperatorsPort,
  untrusted,
} from "../../context.ts";
import { again } from "../../typed-command.ts";

export interface ElsewhereFlags {
  url?: string;
  /** The operator's name; `--user` is whom the audit log is asked about. */
  as?: string;
}

interface Who {
  url: string;
  user: string;
}

const usage = (reason: string, run: string) =>
  new TroopError("usage", reason, { details: { run } });

/** Undefined where this machine is meant. @throws TroopError `usage`, `configuration_invalid` */
export function elsewhereOf(
  context: CommandContext,
  { url: given, as: user }: ElsewhereFlags,
): OperatorsPort | undefined {
  if (given === undefined && user === undefined) return undefined;
  if (given === undefined) throw usage("--as goes with --url.", `${again} --url <url>`);
  if (user === undefined) throw usage("Who are you there?", `${again} --as <name>`);
  const who = { url: operatorsUrl(given), user };
  // Asked for once, however many calls a command makes.
  let password: Promise<string> | undefined;
  return {
    async ask(question) {
      password ??= passwordOf(context, who);
      const words = Buffer.from(`${user}:${await password}`).toString("base64");
      return ask(context, who, question, `Basic ${words}`);
    },
  };
}

function operatorsUrl(given: string): string {
  const url = URL.parse(given);
  if (!url) throw usage(`${given} is no URL of a coordinator.`, `${again} --url <url>`);
  if (url.protocol !== "http:" || coordinatorKind(given) === "loopback")
    return readCoordinatorUrl(given);
  const secure = shellWord(given.replace(/^http:/i, "https:"));
  throw usage("A password goes over https, or stays on this machine.", `${again} --url ${secure}`);
}

async function passwordOf(
  { environment, questions }: CommandContext,
  { url, user }: Who,
): Promise<string> {
  const given = readAdminPassword(environment);
  if (given !== undefined) return given;
  if (questions.isPossible) return questions.password(`The password of ${user} at ${url}`);
  throw usage(
    `There is no password of ${user}, and nobody to ask for it.`,
    `TROOP_ADMIN_PASSWORD_FILE=<file> ${again}`,
  );
}

async function ask(
  { clock, shutdown }: CommandContext,
  who: Who,
  { method, path, body }: OperatorQuestion,
  authorization: string,
): Promise<unknown> {
  const late = new TroopError("timeout", `${who.url} did not answer in time.`);
  using limit = deadline(clock, limits.adminReadTimeoutMs, late);
  const agent = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  try {
    const answer = await request(who.url + path, {
      ...{ dispatcher: agent, method, signal: AbortSignal.any([limit.signal, shutdown]) },
      headers: { authorization, ...(body ? { "content-type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const said = await answer.body.json();
    if (answer.statusCode === 200) return said;
    throw refusal(who, said, Number(answer.headers["retry-after"]));
  } catch (error) {
    if (error instanceof TroopError) throw error;
    shutdown.throwIfAborted();
    if (limit.signal.aborted) throw late;
    throw unheard(who, error);
  } finally {
    await agent.destroy();
  }
}

/** The coordinator's own words, and where they leave open what to do, that. */
function refusal({ url, user }: Who, said: unknown, retryAfter: number): TroopError {
  const { code, message } = errorAnswer.safeParse(said).data?.error ?? {};
  if (!isErrorCode(code)) return unheard({ url, user }, new Error("it answers something else"));
  const there = "    (on the coordinator's machine)";
  const more: Partial<Record<ErrorCode, [reason: string, run: string]>> = {
    login_required: [
      `There is no operator ${user} with this password at ${url}.`,
      `troop admin operators password ${shellWord(user)}${there}`,
    ],
    locked_out: [
      `Too many wrong passwords were tried as ${user}.`,
      `sleep ${Number.isFinite(retryAfter) ? retryAfter : 60} && ${again}`,
    ],
    not_permitted: [
      `The role of ${user} does not allow that.`,
      `troop admin operators role ${shellWord(user)} <role>${there}`,
    ],
    forbidden_origin: [
      `The coordinator does not go by the name in ${url}.`,
      `OPERATOR_URL=${shellWord(url)} troop coordinator${there}`,
    ],
    not_found: [
      `${url} is not where operators are listened to: that is OPERATOR_LISTEN's port.`,
      "troop admin --help",
    ],
  };
  const [reason, run] = more[code] ?? [];
  return new TroopError(code, reason ?? message, run ? { details: { run } } : {});
}

function unheard({ url }: Who, cause: unknown): TroopError {
  const { port } = new URL(url);
  const run = untrusted.test(String((cause as NodeJS.ErrnoException).code))
    ? `NODE_EXTRA_CA_CERTS=<file> ${again}`
    : coordinatorKind(url) === "loopback"
      ? `ssh -L ${port || "80"}:127.0.0.1:8001 <the coordinator's machine>`
      : `curl -v ${shellWord(`${url}/admin/ledger`)}`;
  const reason = `The operators' port at ${url} cannot be reached.`;
  return new TroopError("coordinator_unreachable", reason, { cause, details: { run } });
}
