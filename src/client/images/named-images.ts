/** Pictures that a chat names by their address: where they stand, and what stands in their place. Pure. */

/** Its address, and the field that names it, as errors say it. */
export interface NamedImage {
  url: string;
  param: string;
}

export interface NamedImages {
  /** In the order of the conversation; the same address may come more than once. */
  images: NamedImage[];
  /** The body with `fill` of each in its place; the body that came is left as it is. */
  filled(fill: (image: NamedImage) => string): unknown;
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const atAnAddress = /^https?:\/\//i;

/** @param body as an application sent it, or an adapter made it: not checked yet */
export function namedImagesOf(body: unknown): NamedImages {
  const images: NamedImage[] = [];
  eachImage(body, (image) => {
    images.push(image);
    return image.url;
  });
  return {
    images,
    filled: (fill) => (images.length > 0 ? eachImage(body, fill) : body),
  };
}

function eachImage(body: unknown, fill: (image: NamedImage) => string): unknown {
  if (!isFields(body) || !Array.isArray(body["messages"])) return body;
  const messages: unknown[] = body["messages"];
  return {
    ...body,
    messages: messages.map((message, index) => {
      if (!isFields(message) || !Array.isArray(message["content"])) return message;
      const parts: unknown[] = message["content"];
      const content = parts.map((part, place) =>
        filledPart(part, `messages.${index}.content.${place}.image_url.url`, fill),
      );
      return { ...message, content };
    }),
  };
}

function filledPart(part: unknown, param: string, fill: (image: NamedImage) => string): unknown {
  if (!isFields(part) || part["type"] !== "image_url" || !isFields(part["image_url"])) return part;
  const { url } = part["image_url"];
  if (typeof url !== "string" || !atAnAddress.test(url)) return part;
  return { ...part, image_url: { ...part["image_url"], url: fill({ url, param }) } };
}
