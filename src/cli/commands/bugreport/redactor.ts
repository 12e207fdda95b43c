/**
 * Takes out of a text what is nobody's business: secrets, names of people and machines, addresses. What comes up more
 * than once gets the same stand-in each time, so that one can still follow it. It would rather take too much.
 */
import { isIP } from "node:net";
import { addressKind } from "../../../host/address-kind.ts";

export interface Private {
  /** Values that are known here, such as an API key: found in whatever way they are written. */
  secrets: readonly string[];
  home: string;
  user: string;
  /** This machine's name. */
  host: string;
  /** Names of other machines that are known here, such as the coordinator's. */
  hosts?: readonly string[];
  /** Paths that may be named after anybody, and what stands for each. */
  folders?: readonly (readonly [path: string, instead: string])[];
}

export type Redact = (text: string) => string;

/** Ids, keys, hashes, tickets: long, and no word of any language. */
const token = /[A-Za-z0-9_+/=-]{16,}(?:\.[A-Za-z0-9_+/=-]+)*/g;
const isWord = (text: string) => /^[a-z_/-]+$|^[A-Z_]+$/.test(text);
const uuid = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi;
const url = /\b([a-z][a-z0-9+.-]*):\/\/([^\s"'`<>)\],]+)/gi;
const ipv4 = /(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]*\d)/g;
const ipv6 = /(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])/gi;
const homes = /(?:\/home|\/Users|[A-Z]:\\Users)[/\\][^/\\\s"']+/g;
/** Names as DNS has them; what ends like a file of ours is one. */
const dnsName =
  /(?<![\w-])(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+(?:[a-z]{2,}|xn--[a-z0-9-]+)(?![\w-])/gi;
const fileEnd =
  /\.(ts|mts|js|mjs|cjs|cpp|json|jsonl|sqlite|sock|gguf|log|pem|service|key|env|txt)$/i;
/** What may stand in a settings' file as it is. */
const unnamed = ["root", "localhost", ""];

export function createRedactor(known: Private): Redact {
  const { secrets, home, user, host, hosts = [], folders = [] } = known;
  const ids = numbering("id");
  const places = numbering("address");
  const forms = secrets.filter((secret) => secret.length > 0).flatMap(waysToWrite);
  // The longest first: one may be in another.
  const longest = <Literal extends readonly [string, string]>(some: readonly Literal[]) =>
    some.toSorted(([a], [b]) => b.length - a.length);
  const literals = [
    ...longest(forms.map((form) => [form, "<secret>"] as const)),
    ...longest(folders.filter(([path]) => path.length > 1)),
    ...(home.length > 1 ? [[home, "~"] as const] : []),
  ];
  const names = [user, host].filter((name) => !unnamed.includes(name)).map(wholeWord);
  const others = hosts
    .filter((name) => !unnamed.includes(name) && !isIP(name))
    .map((name) => ({ name: name.toLowerCase(), found: wholeWord(name) }));

  const maskAddress = (address: string) => {
    const kind = addressKind(address);
    return kind === undefined || kind === "loopback" ? address : `<${kind} ${places(address)}>`;
  };

  const maskHost = (name: string) => `<host ${places(name)}>`;

  const maskUrl = (_whole: string, scheme: string, rest: string) => {
    const found = URL.parse(`http://${rest.slice(rest.lastIndexOf("@") + 1)}`);
    if (!found) return `${scheme}://<host>`;
    const bare = found.hostname.replace(/^\[|\]$/g, "");
    const isHere = bare === "localhost" || addressKind(bare) === "loopback";
    const port = found.port ? `:${found.port}` : "";
    return `${scheme}://${isHere ? bare : isIP(bare) ? maskAddress(bare) : maskHost(bare)}${port}`;
  };

  return (text) => {
    let left = text;
    for (const [form, instead] of literals) left = left.replaceAll(form, () => instead);
    left = left.replaceAll(url, maskUrl).replaceAll(homes, "~");
    for (const name of names) left = left.replaceAll(name, "<name>");
    for (const { name, found } of others) left = left.replaceAll(found, () => maskHost(name));
    return (
      left
        .replaceAll(uuid, (found) => ids(found))
        .replaceAll(token, (found) => (isWord(found) ? found : ids(found)))
        // After tokens, which have dots too.
        .replaceAll(dnsName, (found) =>
          fileEnd.test(found) ? found : maskHost(found.toLowerCase()),
        )
        .replaceAll(ipv4, maskAddress)
        .replaceAll(ipv6, (found) => (isIP(found) ? maskAddress(found) : found))
    );
  };
}

const wholeWord = (name: string) =>
  new RegExp(`(?<![A-Za-z0-9])${literal(name)}(?![A-Za-z0-9])`, "gi");

/** `RegExp.escape` is newer than the oldest Node that we run on. */
const literal = (text: string) => text.replaceAll(/[^\w]/g, "\\$&");

function numbering(what: string): (of: string) => string {
  const known = new Map<string, string>();
  return (of) => {
    const name = known.get(of) ?? `${what}-${known.size + 1}`;
    known.set(of, name);
    return name;
  };
}

function waysToWrite(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    bytes.toString("hex"),
    bytes.toString("base64"),
    bytes.toString("base64").replace(/=+$/, ""),
    bytes.toString("base64url"),
  ];
}
