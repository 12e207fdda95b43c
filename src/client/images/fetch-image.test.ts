/** One picture from its address: what is asked, what is taken, and what is refused. */
import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { createFakeClock } from "../../../test/support/fake-clock.ts";
import { createFetchImage, imageBytes, imageWaitMs } from "./fetch-image.ts";
import {
  type ImageServer,
  png,
  pngUrl,
  type Serve,
  startImageServer,
} from "./image-server.fixture.ts";

const never = new AbortController().signal;
const noBound = () => undefined;

const fetching = (server: ImageServer, url: string, signal = never) =>
  createFetchImage({ clock: createFakeClock(), ...server.parts })(url, noBound, signal);

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => "fetched",
    (error: unknown) => error,
  );

const redirect =
  (location: string, status = 302): Serve =>
  (_request, response) =>
    void response.writeHead(status, { location }).end();

const sending =
  (type: string | undefined, body: string | Buffer, headers: object = {}): Serve =>
  (_request, response) =>
    void response
      .writeHead(200, { ...(type ? { "content-type": type } : {}), ...headers })
      .end(body);

test("a picture becomes a data: URL of what it is, whatever its server called it", async () => {
  await using server = await startImageServer();
  server.paths["/misnamed.jpg"] = sending("image/jpeg", png);
  expect(await fetching(server, `${server.origin}/pixel.png`)).toBe(pngUrl);
  expect(await fetching(server, `${server.origin}/misnamed.jpg`)).toBe(pngUrl);
});

test("nothing of the user goes along", async () => {
  await using server = await startImageServer();
  server.paths["/1"] = (_request, response) =>
    void response.writeHead(302, { location: "/pixel.png", "set-cookie": "a=b" }).end();
  await fetching(server, `${server.origin}/1#part`);
  for (const { method, headers } of server.requests) {
    expect(method).toBe("GET");
    expect(headers).toEqual({
      host: `pictures.example:${server.port}`,
      connection: "keep-alive",
      "user-agent": "monkey-troop",
      accept: "image/png, image/jpeg, image/webp, image/gif, image/bmp",
      "accept-encoding": "identity",
    });
  }
  expect(server.requests.map(({ url }) => url)).toEqual(["/1", "/pixel.png"]);
});

test("a name is looked up once, and the connection goes to what was judged", async () => {
  await using server = await startImageServer();
  // By rebinding the name would lead home the second time.
  let asked = 0;
  const resolve = async () => {
    asked += 1;
    return [{ address: asked === 1 ? "127.0.0.1" : "127.0.0.2", family: 4 }];
  };
  const fetchImage = createFetchImage({ clock: createFakeClock(), ...server.parts, resolve });
  expect(await fetchImage(`${server.origin}/pixel.png`, noBound, never)).toBe(pngUrl);
  expect(asked).toBe(1);
  expect(server.requests[0]!.socket.localAddress).toBe("127.0.0.1");
});

test.each([
  ["a name that leads to an inner address", "http://inner.example", ["10.0.0.1"]],
  ["a name that leads both ways", "http://both.example", ["127.0.0.1", "10.0.0.1"]],
  ["a name that leads nowhere", "http://nowhere.example", []],
  ["an inner address", "http://10.0.0.1", []],
  ["an address in another notation", "http://0x0a000001", []],
  ["an inner IPv6 address", "http://[fd00::1]", []],
  ["a mapped address", "http://[::ffff:10.0.0.1]", []],
])("%s is not asked", async (_what, base, leadsTo) => {
  await using server = await startImageServer();
  server.names[new URL(base).hostname] = leadsTo;
  const failure = failureOf(fetching(server, `${base}:${server.port}/pixel.png`));
  expect(await failure).toMatchObject({ code: "image_unavailable", status: 400 });
  expect(server.requests).toEqual([]);
});

test.each([
  ["ftp://pictures.example/x.png", /no http or https/],
  ["file:///etc/passwd", /no http or https/],
  ["https://", /no http or https/],
  ["http://user:secret@pictures.example/x.png", /name or a password/],
  ["http://user@pictures.example/x.png", /name or a password/],
  ["http://pictures.example:25/x.png", /port/],
  ["http://pictures.example:631/x.png", /port/],
])("%s is not asked, and its name not looked up", async (url, message) => {
  await using server = await startImageServer();
  const failure = await failureOf(fetching(server, url));
  expect(failure).toMatchObject({
    code: "image_unavailable",
    message: expect.stringMatching(message),
  });
  expect(String(failure)).not.toContain("secret");
  expect(server.lookedUp).toEqual([]);
});

test("three redirects are followed, each to where it may lead; a fourth is not", async () => {
  await using server = await startImageServer();
  const { origin, paths } = server;
  paths["/3"] = redirect(`${origin}/2`, 301);
  paths["/2"] = redirect("/1", 307);
  paths["/1"] = redirect("pixel.png", 308);
  paths["/4"] = redirect("/3");
  expect(await fetching(server, `${origin}/3`)).toBe(pngUrl);
  expect(await failureOf(fetching(server, `${origin}/4`))).toMatchObject({
    message: expect.stringContaining("too often"),
  });
});

test.each([
  ["to an inner address", "http://10.0.0.1/x.png", "not at a public"],
  ["to an inner name", "http://inner.example/x.png", "not at a public"],
  ["to the metadata of a cloud", "http://169.254.169.254/latest/meta-data/", "not at a public"],
  ["to a file", "file:///etc/passwd", "no http or https"],
  ["with a password", "http://u:p@pictures.example/x.png", "a password"],
  ["to a port of the system's", "http://pictures.example:22/", "a port"],
  ["to nowhere", "", "to nowhere"],
])("a redirect %s is not followed", async (_what, location, message) => {
  await using server = await startImageServer();
  server.names["inner.example"] = ["10.0.0.1"];
  server.paths["/away"] =
    location === ""
      ? (_request, response) => void response.writeHead(302).end()
      : redirect(location);
  const failure = failureOf(fetching(server, `${server.origin}/away`));
  expect(await failure).toMatchObject({
    code: "image_unavailable",
    message: expect.stringContaining(message),
  });
  expect(server.requests).toHaveLength(1);
});

test.each([
  ["a web page", sending("text/html", "<!doctype html>")],
  ["a web page that claims to be a picture", sending("image/png", "<!doctype html>")],
  ["an SVG", sending("image/svg+xml", "<svg/>")],
  ["an SVG that claims to be a PNG", sending("image/png", "<svg/>")],
  ["a picture that claims to be something else", sending("text/plain", png)],
  ["a picture without a type", sending(undefined, png)],
  ["a compressed one", sending("image/png", png, { "content-encoding": "gzip" })],
  ["nothing", sending("image/png", "")],
  [
    "an error",
    (_request, response) => void response.writeHead(500, { "content-type": "image/png" }).end(png),
  ],
  [
    "a part",
    (_request, response) => void response.writeHead(206, { "content-type": "image/png" }).end(png),
  ],
] satisfies [string, Serve][])("%s is refused", async (_what, serve) => {
  await using server = await startImageServer();
  server.paths["/x"] = serve;
  expect(await failureOf(fetching(server, `${server.origin}/x`))).toMatchObject({
    code: "image_unavailable",
  });
});

test("what does not end is cut at 10 MiB, whatever length it states", async () => {
  await using server = await startImageServer();
  let sent = 0;
  const closed = Promise.withResolvers<void>();
  server.paths["/endless"] = (_request, response) => {
    response.writeHead(200, { "content-type": "image/png" }).write(png);
    response.once("close", closed.resolve);
    const piece = Buffer.alloc(256 * 1_024);
    const more = () => {
      if (response.destroyed) return;
      sent += piece.length;
      if (response.write(piece)) setImmediate(more);
      else response.once("drain", more);
    };
    more();
  };
  expect(await failureOf(fetching(server, `${server.origin}/endless`))).toMatchObject({
    message: "The image is larger than 10 MiB.",
  });
  await closed.promise;
  expect(sent).toBeLessThan(3 * imageBytes);
});

test("a server that says nothing is left after 30 seconds, and one that is called off at once", async () => {
  await using server = await startImageServer();
  const clock = createFakeClock();
  const fetchImage = createFetchImage({ clock, ...server.parts });
  for (const way of ["time", "signal"]) {
    const asked = Promise.withResolvers<void>();
    const left = Promise.withResolvers<void>();
    server.paths["/silent"] = (_request, response) => {
      response.once("close", left.resolve);
      asked.resolve();
    };
    const controller = new AbortController();
    const failure = failureOf(fetchImage(`${server.origin}/silent`, noBound, controller.signal));
    await asked.promise;
    if (way === "time") await clock.advance(imageWaitMs);
    else controller.abort(new Error("gone"));
    expect(await failure).toMatchObject(
      way === "time"
        ? { code: "image_unavailable", message: expect.stringContaining("30 s") }
        : { message: "gone" },
    );
    await left.promise;
    expect(getEventListeners(controller.signal, "abort")).toEqual([]);
  }
  expect(clock.waiting).toBe(0);
});

test("a lookup that never ends does not hold the request", async () => {
  await using server = await startImageServer();
  const controller = new AbortController();
  const resolve = () => new Promise<never>(() => controller.abort(new Error("gone")));
  const fetchImage = createFetchImage({ clock: createFakeClock(), ...server.parts, resolve });
  expect(
    await failureOf(fetchImage(`${server.origin}/x`, noBound, controller.signal)),
  ).toMatchObject({ message: "gone" });
});

test("a picture that fits comes whole", async () => {
  await using server = await startImageServer();
  const large = Buffer.concat([png, Buffer.alloc(imageBytes - png.length)]);
  server.paths["/large"] = sending("image/png", large);
  server.paths["/larger"] = sending("image/png", Buffer.concat([large, Buffer.alloc(1)]));
  const url = await fetching(server, `${server.origin}/large`);
  expect(Buffer.from(url.split(",")[1]!, "base64").equals(large)).toBe(true);
  expect(await failureOf(fetching(server, `${server.origin}/larger`))).toMatchObject({
    code: "image_unavailable",
  });
});
