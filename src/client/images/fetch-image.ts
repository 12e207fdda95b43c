/**
 * Fetches one picture that a request names by its address. Whoever wrote the request need not be who runs this
 * machine, so nothing goes along (no cookies, no credentials), nothing but a picture comes back, and no address is
 * asked that only this machine can reach.
 */
import { Agent, request } from "undici";
import { type Clock, deadline } from "../../base/clock.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { addressesOf, pinnedTo, type Resolve } from "./pinned-address.ts";
import { isDeclaredRaster, rasterTypeOf } from "./raster.ts";

export interface FetchImageParts {
  clock: Clock;
  resolve: Resolve;
  /** Whether an address may be asked; judged anew after each redirect. */
  isAllowed(address: string): boolean;
}

/**
 * @param room counts what comes, and throws where it is too much for the request
 * @returns a data: URL
 * @throws TroopError `image_unavailable`; what `room` throws; `signal`'s reason
 */
export type FetchImage = (
  url: string,
  room: (bytes: number) => void,
  signal: AbortSignal,
) => Promise<string>;

export const imageBytes = 10 * 1_024 * 1_024;
/** From the first lookup to the last byte. */
export const imageWaitMs = 30_000;
const redirectsMost = 3;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** The web's, and those that no system's mail, shell or printer has: a request line is a command to some of them. */
const webPorts: ReadonlySet<string> = new Set(["", "80", "443"]);
const leastPort = 1_024;

const unavailable = (message: string, cause?: unknown) =>
  new TroopError("image_unavailable", message, { cause });

export function createFetchImage({ clock, resolve, isAllowed }: FetchImageParts): FetchImage {
  /** One request. @returns where it leads on to, or the picture */
  async function ask(
    url: URL,
    room: (bytes: number) => void,
    signal: AbortSignal,
  ): Promise<URL | string> {
    const addresses = await addressesOf(url.hostname, resolve, isAllowed);
    signal.throwIfAborted();
    await using stack = new AsyncDisposableStack();
    const agent = new Agent({ allowH2: false, connect: { lookup: pinnedTo(addresses) } });
    stack.adopt(agent, () => agent.destroy());
    const { statusCode, headers, body } = await request(url, {
      dispatcher: agent,
      signal,
      headers: {
        "user-agent": "monkey-troop",
        accept: "image/png, image/jpeg, image/webp, image/gif, image/bmp",
        "accept-encoding": "identity",
      },
    });
    // What is left of an answer ends with its connection; that is no fault of anybody's.
    body.on("error", () => undefined);
    const { location, "content-type": type } = headers;
    if (redirects.has(statusCode)) return follow(url, location);
    if (statusCode !== 200) throw unavailable(`The image's server answered ${statusCode}.`);
    if (typeof type !== "string" || !isDeclaredRaster(type) || headers["content-encoding"])
      throw unavailable(
        "What is at the image's address is not sent as a PNG, JPEG, GIF, WebP or BMP.",
      );
    return asDataUrl(await collect(body, room));
  }

  return async (text, room, signal) => {
    signal.throwIfAborted();
    using timer = deadline(
      clock,
      imageWaitMs,
      unavailable("The image did not arrive within 30 seconds."),
    );
    const whileWanted = AbortSignal.any([signal, timer.signal]);
    try {
      let next: URL | string = readUrl(text);
      for (let hops = 0; next instanceof URL; hops += 1) {
        if (hops > redirectsMost) throw unavailable("The image's address leads on too often.");
        next = await until(whileWanted, ask(next, room, whileWanted));
      }
      return next;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof TroopError) throw error;
      throw unavailable("The image's server could not be asked.", error);
    }
  };
}

/** A lookup knows of no signal. */
async function until<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  const over = Promise.withResolvers<never>();
  const end = () => over.reject(signal.reason as Error);
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  try {
    return await Promise.race([work, over.promise]);
  } finally {
    signal.removeEventListener("abort", end);
    work.catch(() => undefined);
  }
}

function follow(from: URL, location: string | string[] | undefined): URL {
  if (typeof location !== "string") throw unavailable("The image's address leads on to nowhere.");
  const to = readUrl(location, from.href);
  if (from.protocol === "https:" && to.protocol !== "https:")
    throw unavailable("The image's address leads from https to http.");
  return to;
}

function readUrl(text: string, base?: string): URL {
  const url = URL.parse(text, base);
  if (!url || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw unavailable("The image's address is no http or https URL.");
  if (url.username || url.password)
    throw unavailable("The image's address holds a name or a password, which are not sent.");
  if (!webPorts.has(url.port) && Number(url.port) < leastPort)
    throw unavailable("The image's address has a port that is none of the web's.");
  return url;
}

async function collect(
  body: AsyncIterable<Uint8Array>,
  room: (bytes: number) => void,
): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body) {
    size += part.length;
    if (size > imageBytes) throw unavailable("The image is larger than 10 MiB.");
    room(part.length);
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function asDataUrl(bytes: Buffer): string {
  const type = rasterTypeOf(bytes);
  if (!type) throw unavailable("What is at the image's address is no PNG, JPEG, GIF, WebP or BMP.");
  return `data:${type};base64,${bytes.toString("base64")}`;
}
