/** What an application names by its address, a node gets as bytes: in every dialect, since all come by here. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import type { InferencePath } from "../../protocol/chat.ts";
import { TroopError } from "../../protocol/error-codes.ts";
import { post, startTestNetwork } from "../fixtures/sidecar.fixture.ts";
import { createReadRequest } from "../read-request.ts";
import type { FetchImage } from "./fetch-image.ts";
import { png, pngUrl, startImageServer } from "./image-server.fixture.ts";

const never = new AbortController().signal;
const chat = "/v1/chat/completions";

const shown = (url: string, detail?: string) => ({
  type: "image_url",
  image_url: { url, ...(detail ? { detail } : {}) },
});
const asking = (...content: object[]) => ({
  model: "toy:1b",
  messages: [
    { role: "system", content: "Look." },
    { role: "user", content: [{ type: "text", text: "What is it?" }, ...content] },
  ],
});

/** Fetches nothing: what it is asked for, and a picture for each. */
function imagined(fetchImage: FetchImage = async () => pngUrl) {
  const asked: string[] = [];
  const readRequest = createReadRequest({
    fetchImage(url, room, signal) {
      asked.push(url);
      return fetchImage(url, room, signal);
    },
  });
  const read = (path: InferencePath, body: unknown, signal: AbortSignal) =>
    readRequest(path, body, signal, undefined);
  return { asked, read };
}

test("a picture at an address is within the request, in its place, before a node sees it", async () => {
  await using server = await startImageServer();
  await using network = await startTestNetwork(
    createFakeClock(),
    [undefined],
    {},
    { images: server.parts },
  );
  const answer = await post(network, chat, asking(shown(`${server.origin}/pixel.png`, "low")));
  expect(answer.status).toBe(200);
  const [request] = network.worker.requests;
  expect(request!.body["messages"]).toEqual(asking(shown(pngUrl, "low")).messages);
  expect(JSON.stringify(request!.body)).not.toContain("pictures.example");
});

/** Each API's own way to name an image by its address. */
const dialects: Record<string, (url: string) => object> = {
  "/v1/responses": (url) => ({
    input: [{ role: "user", content: [{ type: "input_image", image_url: url, detail: "auto" }] }],
  }),
  "/v1/messages": (url) => ({
    max_tokens: 16,
    messages: [{ role: "user", content: [{ type: "image", source: { type: "url", url } }] }],
  }),
};

test.each(Object.entries(dialects))(
  "so it is on %s too, and so is its error",
  async (path, body) => {
    await using server = await startImageServer();
    await using network = await startTestNetwork(
      createFakeClock(),
      [undefined],
      {},
      { images: server.parts },
    );
    const ask = (url: string) => post(network, path, { model: "toy:1b", ...body(url) });
    const answer = await ask(`${server.origin}/pixel.png`);
    expect([answer.status, await answer.text()]).toEqual([200, expect.anything()]);
    const asked = JSON.stringify(network.worker.requests[0]!.body);
    expect(asked).toContain(pngUrl);
    expect(asked).not.toContain("pictures.example");
    const refused = await ask(`${server.origin}/none`);
    expect(refused.status).toBe(400);
    expect(await refused.text()).toContain("answered 404");
  },
);

test("one that cannot be had is the request's error, which names it, and no node is asked", async () => {
  await using server = await startImageServer();
  await using network = await startTestNetwork(
    createFakeClock(),
    [undefined],
    {},
    { images: server.parts },
  );
  const answer = await post(network, chat, asking(shown(pngUrl), shown(`${server.origin}/none`)));
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    error: {
      code: "image_unavailable",
      type: "invalid_request_error",
      param: "messages.1.content.2.image_url.url",
      message: "The image's server answered 404.",
    },
  });
  expect(network.worker.requests).toEqual([]);
});

test("by default nothing on this machine is asked", async () => {
  await using server = await startImageServer();
  await using network = await startTestNetwork(createFakeClock());
  for (const host of ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"]) {
    const answer = await post(
      network,
      chat,
      asking(shown(`http://${host}:${server.port}/pixel.png`)),
    );
    expect(await answer.json()).toMatchObject({ error: { code: "image_unavailable" } });
  }
  expect(server.requests).toEqual([]);
});

test("nothing is fetched for a request that is refused anyway, nor for other fields", async () => {
  const { asked, read } = imagined();
  const image = shown("https://pictures.example/1");
  await expect(read(chat, { ...asking(image), temperature: 9 }, never)).rejects.toMatchObject({
    param: "temperature",
  });
  await expect(read(chat, asking(image, { type: "video_url" }), never)).rejects.toThrow();
  await expect(read(chat, asking(shown("ftp://pictures.example/1")), never)).rejects.toThrow();
  await read("/v1/completions", { model: "toy:1b", prompt: "https://pictures.example/1" }, never);
  await read(chat, asking({ type: "text", text: "https://pictures.example/1" }), never);
  expect(asked).toEqual([]);
});

test.each([
  null,
  7,
  "text",
  [],
  { messages: 7 },
  { messages: [null, 7, { content: [null, 7, "x"] }] },
])("what is no chat is refused as it always was: %j", async (body) => {
  const { read } = imagined();
  await expect(read(chat, body, never)).rejects.toMatchObject({ code: "invalid_value" });
});

test("the same picture is fetched once, different ones in order, four at a time and 32 at most", async () => {
  let running = 0;
  let most = 0;
  const { asked, read } = imagined(async (url) => {
    most = Math.max(most, (running += 1));
    await Promise.resolve();
    running -= 1;
    return `data:image/png;base64,${Buffer.from(url).toString("base64")}`;
  });
  const urls = Array.from({ length: 32 }, (_, index) => `https://pictures.example/${index}`);
  const body = asking(...[...urls, ...urls].map((url) => shown(url)));
  const { fields } = await read(chat, body, never);
  const [, { content }] = fields["messages"] as [unknown, { content: ReturnType<typeof shown>[] }];
  const got = content
    .slice(1)
    .map(({ image_url }) => Buffer.from(image_url.url.split(",")[1]!, "base64").toString());
  expect(got).toEqual([...urls, ...urls]);
  expect(asked).toEqual(urls);
  expect(most).toBe(4);
  await expect(
    read(chat, asking(...urls.map((url) => shown(url)), shown("https://x.example")), never),
  ).rejects.toMatchObject({
    code: "invalid_value",
    param: "messages.1.content.33.image_url.url",
  });
});

test("together they are 14 MiB at most", async () => {
  const { read } = imagined(async (_url, room) => {
    room(5 * 1_024 * 1_024);
    return pngUrl;
  });
  const urls = ["https://a.example", "https://b.example", "https://c.example"];
  await read(chat, asking(...urls.slice(0, 2).map((url) => shown(url))), never);
  await expect(read(chat, asking(...urls.map((url) => shown(url))), never)).rejects.toMatchObject({
    code: "request_too_large",
    param: "messages.1.content.3.image_url.url",
  });
});

test("the first that fails ends the others, and so does the application that leaves", async () => {
  const gone = new AbortController();
  const ended: unknown[] = [];
  const { read } = imagined(async (url, _room, signal) => {
    if (url.endsWith("bad")) throw new TroopError("image_unavailable");
    if (url.endsWith("leave")) gone.abort(new Error("left"));
    return new Promise((_resolve, reject) => {
      const end = () => {
        ended.push(signal.reason);
        reject(signal.reason as Error);
      };
      if (signal.aborted) end();
      signal.addEventListener("abort", end);
    });
  });
  const slow = shown("https://pictures.example/slow");
  await expect(
    read(chat, asking(slow, shown("https://pictures.example/bad")), never),
  ).rejects.toMatchObject({
    code: "image_unavailable",
    param: "messages.1.content.2.image_url.url",
  });
  expect(ended).toHaveLength(1);
  const leaving = read(chat, asking(slow, shown("https://pictures.example/leave")), gone.signal);
  await expect(leaving).rejects.toThrow("left");
  expect(ended).toHaveLength(3);
});

test("what was sent as bytes stays as it was sent", async () => {
  const { asked, read } = imagined();
  const own = `data:image/png;base64,${png.toString("base64")}`;
  const { fields } = await read(chat, asking(shown(own)), never);
  expect(fields["messages"]).toEqual(asking(shown(own)).messages);
  expect(asked).toEqual([]);
});
