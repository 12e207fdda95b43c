/** Puts the pictures that a chat names into it: a node fetches nothing, neither from its own network nor from any. */
import { TroopError } from "../../protocol/error-codes.ts";
import type { FetchImage } from "./fetch-image.ts";
import { type NamedImage, namedImagesOf } from "./named-images.ts";

/** Different ones in one request, and how many of them are fetched at once. */
const imagesMost = 32;
const atOnce = 4;
/** Of all pictures of a request that are fetched: as base64, with a long conversation beside it, 20 MiB (`limits.inferenceBodyBytes`). */
const allImagesBytes = 14 * 1_024 * 1_024;

/** Nothing is fetched for a body that would be refused with pictures in it. */
const placeholder = "data:image/png;base64,";

/**
 * @param check reads the body; with stand-ins for its pictures first, then with the pictures
 * @throws what `check` throws; TroopError `image_unavailable`, `request_too_large`, `invalid_value`; `signal`'s reason
 */
export async function withImages<Checked>(
  fetchImage: FetchImage,
  body: unknown,
  check: (body: unknown) => Checked,
  signal: AbortSignal,
): Promise<Checked> {
  const { images, filled } = namedImagesOf(body);
  if (images.length === 0) return check(body);
  check(filled(() => placeholder));
  const fetched = await fetchAll(fetchImage, firstOfEach(images), signal);
  return check(filled(({ url }) => fetched.get(url)!));
}

/** The same picture is fetched once. @throws TroopError `invalid_value` */
function firstOfEach(images: readonly NamedImage[]): NamedImage[] {
  const first = new Map<string, NamedImage>();
  for (const image of images) if (!first.has(image.url)) first.set(image.url, image);
  const list = [...first.values()];
  const { param } = list[imagesMost] ?? {};
  if (param === undefined) return list;
  throw new TroopError("invalid_value", `At most ${imagesMost} images are fetched for a request.`, {
    param,
  });
}

async function fetchAll(
  fetchImage: FetchImage,
  images: readonly NamedImage[],
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const fetched = new Map<string, string>();
  const waiting = images.values();
  const failed = new AbortController();
  const whileWanted = AbortSignal.any([signal, failed.signal]);
  let left = allImagesBytes;

  async function fetchNext({ url, param }: NamedImage): Promise<void> {
    const room = (bytes: number) => {
      left -= bytes;
      if (left < 0)
        throw new TroopError("request_too_large", "The images are larger than 14 MiB together.");
    };
    try {
      fetched.set(url, await fetchImage(url, room, whileWanted));
    } catch (error) {
      throw error instanceof TroopError ? namingIts(param, error) : error;
    }
  }
  async function work(): Promise<void> {
    for (const image of waiting) await fetchNext(image);
  }
  const workers = Array.from({ length: atOnce }, () =>
    work().catch((error: unknown) => {
      // The first failure is the request's; the others end because of it.
      failed.abort(error);
    }),
  );
  await Promise.all(workers);
  whileWanted.throwIfAborted();
  return fetched;
}

const namingIts = (param: string, { code, message, cause }: TroopError): TroopError =>
  new TroopError(code, message, { param, cause });
