/** Settings about engines and the models they may offer: read here, and nowhere else. */
import { z } from "zod";
import { addressKind } from "../../host/address-kind.ts";
import { type Environment, readSecret, readSettings } from "../../host/env.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { type CataloguePolicy, usualPolicy } from "../catalogue-offers.ts";
import { type EngineAddress, placeOf } from "./engine-kind.ts";
import { engineTypes } from "./kinds.ts";

export interface EngineSettings {
  /** Where engines are looked for. */
  addresses: EngineAddress[];
  policy: CataloguePolicy;
}

const settings = z.object({
  VLLM_HOST: z.string().optional(),
  SGLANG_HOST: z.string().optional(),
  OLLAMA_HOST: z.string().optional(),
  LM_STUDIO_HOST: z.string().optional(),
  LLAMA_SERVER_HOST: z.string().optional(),
  ENGINE_URL: z.string().optional(),
  ENGINE_ORDER: z.string().optional(),
  MODELS_ALLOW: z.string().optional(),
  MODELS_DENY: z.string().optional(),
  MODEL_ALIASES: z.string().optional(),
});

interface UsualPlace {
  host: keyof z.infer<typeof settings>;
  ports: readonly [number, ...number[]];
  /** Ollama has no keys; `OLLAMA_API_KEY` is that of its cloud, and no business of whatever listens here. */
  key?: string;
}

const usualPlaces: readonly UsualPlace[] = [
  { host: "VLLM_HOST", ports: [8_000], key: "VLLM_API_KEY" },
  { host: "OLLAMA_HOST", ports: [11_434] },
  { host: "LM_STUDIO_HOST", ports: [1_234], key: "LM_STUDIO_API_KEY" },
  { host: "LLAMA_SERVER_HOST", ports: [8_080, 9_931], key: "LLAMA_SERVER_API_KEY" },
  { host: "SGLANG_HOST", ports: [30_000], key: "SGLANG_API_KEY" },
];

const namedKey = "ENGINE_API_KEY";

const invalid = (param: string, text: string) =>
  new TroopError("configuration_invalid", `${param} ${text}`, { param });

/** @throws TroopError `configuration_invalid` */
export function readEngineSettings(environment: Environment): EngineSettings {
  const read = readSettings(environment, settings);
  const named = listOf(read.ENGINE_URL).map((url) => namedAddress(environment, url));
  if (named.some(({ apiKey }) => apiKey) && new Set(named.map(({ origin }) => origin)).size > 1)
    throw invalid(namedKey, "is for one server, and ENGINE_URL names several.");
  const usual = usualPlaces.flatMap((place) => addressesOf(environment, place, read[place.host]));
  return {
    addresses: onceEach(usual, named),
    policy: {
      order: read.ENGINE_ORDER ? readOrder(read.ENGINE_ORDER) : usualPolicy.order,
      allow: listOf(read.MODELS_ALLOW),
      deny: listOf(read.MODELS_DENY),
      aliases: readAliases(read.MODEL_ALIASES),
    },
  };
}

/** The owner's own word on an address counts for more; the key that is usual there is kept where they name none. */
function onceEach(usual: EngineAddress[], named: EngineAddress[]): EngineAddress[] {
  const addresses = new Map(usual.map((each) => [placeOf(each), each]));
  for (const each of named) {
    const { keyVariable, apiKey } = addresses.get(placeOf(each)) ?? {};
    const isKeyUsual = each.apiKey === undefined && keyVariable !== undefined;
    const usualKey = isKeyUsual ? { keyVariable, ...(apiKey && { apiKey }) } : {};
    addresses.set(placeOf(each), { ...each, ...usualKey });
  }
  return [...addresses.values()];
}

const listOf = (text = ""): string[] =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");

function addressesOf(
  environment: Environment,
  { host, ports, key }: UsualPlace,
  text: string | undefined,
): EngineAddress[] {
  const origins = text === undefined ? ports.map(loopback) : [readOrigin(host, text, ports[0])];
  const apiKey = key && readSecret(environment, key);
  return origins.map((origin) => ({
    origin,
    ...(key && { keyVariable: key }),
    ...(apiKey && { apiKey }),
  }));
}

const loopback = (port: number) => `http://127.0.0.1:${port}`;

/** As these engines' own tools read it: scheme and port may be missing, and "all addresses" means this machine. */
function readOrigin(name: string, text: string, usualPort: number): string {
  const url = URL.parse(/^https?:\/\//.test(text) ? text : `http://${text}`);
  if (!url) throw invalid(name, `must look like 127.0.0.1:${usualPort}.`);
  if (["0.0.0.0", "[::]"].includes(url.hostname)) url.hostname = "127.0.0.1";
  const hasPort = /:\d+(\/|$)/.test(text);
  // With a scheme and no port the scheme's own is meant.
  if (!hasPort && !text.includes("://")) url.port = String(usualPort);
  refuseOpenLines(name, url);
  return url.origin;
}

/** Names that a home or office gives its machines. */
const nearbyName = /^[^.]+$|\.(lan|local|localdomain|internal|home|home\.arpa)$/i;

/** Other people's words go there: not in the clear, where others could read them. */
function refuseOpenLines(param: string, { protocol, hostname }: URL): void {
  if (protocol !== "http:") return;
  const kind = addressKind(hostname.replace(/^\[|\]$/g, ""));
  const isNearby = kind === undefined ? nearbyName.test(hostname) : kind !== "public";
  if (isNearby) return;
  throw invalid(param, "must begin with https:// unless it is here, nearby or in the mesh.");
}

/**
 * The address of a server that was named by its URL, with or without `/v1` at its end.
 * @throws TroopError `configuration_invalid`
 */
export function namedAddress(
  environment: Environment,
  text: string,
  param = "ENGINE_URL",
): EngineAddress {
  const url = URL.parse(text);
  if (!url || !["http:", "https:"].includes(url.protocol) || url.search || url.username)
    throw invalid(param, "takes URLs such as http://127.0.0.1:5000/v1.");
  refuseOpenLines(param, url);
  const apiKey = readSecret(environment, namedKey);
  const basePath = url.pathname.replace(/\/+$/, "").replace(/\/v1$/, "");
  return {
    origin: url.origin,
    isNamed: true,
    keyVariable: namedKey,
    ...(basePath && { basePath }),
    ...(apiKey && { apiKey }),
  };
}

function readOrder(text: string): string[] {
  const order = listOf(text);
  const unknown = order.find((type) => !engineTypes.includes(type));
  if (unknown === undefined) return order;
  throw invalid("ENGINE_ORDER", `names "${unknown}"; engines are ${engineTypes.join(", ")}.`);
}

/** `offered=own, …`: what is asked for on the left, what the engine calls it on the right. */
function readAliases(text: string | undefined): ReadonlyMap<string, string> {
  const pairs = listOf(text).map((pair) => {
    const [offered = "", own = "", ...rest] = pair.split("=").map((name) => name.trim());
    if (offered === "" || own === "" || rest.length > 0)
      throw invalid("MODEL_ALIASES", "must look like my-name=engine-name, another=its-name.");
    return [own, offered] as const;
  });
  return new Map(pairs);
}
