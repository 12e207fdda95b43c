/** Finds the engines that already run on this machine and tells them apart by what they answer, not by their port. */
import type { Dispatcher } from "undici";
import { z } from "zod";
import { type Clock, deadline } from "../../base/clock.ts";
import type { EngineAddress, EngineKind, Probe } from "./engine-kind.ts";
import type { Engine } from "./engine.ts";
import { type Answer, ask, isOurs } from "./http.ts";
import { engineKinds } from "./kinds.ts";
import { createOpenAiCompatible, modelList, openAiCompatible } from "./openai-compatible.ts";

/** An engine on this machine answers in milliseconds; a port that swallows packets must not hold up the start. */
const probeMs = 2_000;
/** For all questions to one address. */
const addressMs = 4_000;

/** A list of nothing, as an engine without models has it. */
const emptyList = z.looseObject({ data: z.null() });

export interface DetectOptions {
  addresses: readonly EngineAddress[];
  clock: Clock;
  signal: AbortSignal;
  dispatcher?: Dispatcher | undefined;
}

export interface Detected {
  engines: Engine[];
  /** Where something answers that wants an API key, or another one. */
  locked: EngineAddress[];
}

type Asked = (path: string) => Promise<Answer | undefined>;
type Finding = { type: "nothing" } | { type: "locked" } | { type: "engine"; kind: EngineKind };

/** Each path is asked once. The key is kept from whatever has not yet shown that it is none of our own servers. */
function questions(
  { origin, basePath = "", apiKey }: EngineAddress,
  options: DetectOptions,
): Asked {
  const { clock, signal, dispatcher } = options;
  const answers = new Map<string, Promise<Answer | undefined>>();
  const headers: Record<string, string> = apiKey ? { authorization: `Bearer ${apiKey}` } : {};
  const asking = { clock, signal, dispatcher, timeoutMs: probeMs };
  return (path) => {
    const withKey = path === "/health" ? asking : { ...asking, headers };
    const url = `${origin}${path === "/health" ? "" : basePath}${path}`;
    const answer = answers.get(path) ?? ask(url, withKey).catch(() => undefined);
    answers.set(path, answer);
    return answer;
  };
}

async function identify(asked: Asked, { isNamed }: EngineAddress): Promise<Finding> {
  const health = await asked("/health");
  if (!health || isOurs(health)) return { type: "nothing" };
  const probe: Probe = async (path) => {
    const answer = await asked(path);
    return answer && !answer.isTroop && answer.status < 300 ? answer.body : undefined;
  };
  const listed = await asked("/v1/models");
  if (listed?.isTroop) return { type: "nothing" };
  const models = modelList.safeParse(await probe("/v1/models")).data;
  const owners = new Set(models?.data.map(({ owned_by }) => owned_by));
  const byOwner = engineKinds.find(({ owner }) => owner !== undefined && owners.has(owner));
  if (byOwner) return { type: "engine", kind: byOwner };
  for (const kind of engineKinds) if (await kind.recognise(probe)) return { type: "engine", kind };
  if (listed?.status === 401 || listed?.status === 403) return { type: "locked" };
  const isList = models !== undefined || emptyList.safeParse(await probe("/v1/models")).success;
  return isNamed && isList ? { type: "engine", kind: openAiCompatible } : { type: "nothing" };
}

/** Never rejects but with the reason of `signal`: an address where nothing answers is simply not there. */
export async function detectEngines(options: DetectOptions): Promise<Detected> {
  const { addresses, clock, signal, dispatcher } = options;
  const found = await Promise.all(
    addresses.map(async (address) => {
      using limit = deadline(clock, addressMs, new Error("the address took too long"));
      const within = AbortSignal.any([signal, limit.signal]);
      const asked = questions(address, { ...options, signal: within });
      const finding = await identify(asked, address);
      signal.throwIfAborted();
      return { address, finding };
    }),
  );
  return {
    engines: found.flatMap(({ address, finding }) =>
      finding.type === "engine" ? [finding.kind.create({ ...address, clock, dispatcher })] : [],
    ),
    locked: found.flatMap(({ address, finding }) => (finding.type === "locked" ? [address] : [])),
  };
}

/** The engine at an address that the owner gave: whatever answers there, it is to be used. */
export async function engineAt(address: EngineAddress, options: Omit<DetectOptions, "addresses">) {
  const { engines } = await detectEngines({ ...options, addresses: [address] });
  return engines[0] ?? createOpenAiCompatible({ ...address, ...options });
}
