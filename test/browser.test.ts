/** A real browser: pages of strangers cannot use the local API; a page that was allowed can, streams included. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Network, startNetwork } from "./network.ts";

/** Chromium looks things up and phones home by default; here it talks to loopback only. */
const quiet = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
  ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
];

let browser: Browser;
beforeAll(async () => {
  const executablePath = process.env.CHROME;
  if (!executablePath)
    throw new Error("CHROME is not set: run `npm test`, which finds a Chromium.");
  browser = await chromium.launch({ executablePath, args: quiet });
});
afterAll(() => browser.close());

/** An empty page on an origin of its own. */
async function openSite(): Promise<AsyncDisposable & { origin: string; visit(): Promise<Page> }> {
  const server = createServer((_request, response) =>
    response.writeHead(200, { "content-type": "text/html" }).end("<title>a page</title>"),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    async visit() {
      const page = await browser.newPage();
      await page.goto(origin);
      return page;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** Asks from within the page, as its script would. */
const askFrom = (page: Page, { sidecar }: Network) =>
  page.evaluate(async (url) => {
    const body = { model: "test-model", stream: true, messages: [{ role: "user", content: "Hi" }] };
    try {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      return { failed: String(error) };
    }
  }, sidecar.url);

test("a page that nobody allowed cannot ask, and its question never reaches a node", async () => {
  await using network = await startNetwork();
  await using site = await openSite();
  const page = await site.visit();
  expect(await askFrom(page, network)).toMatchObject({ failed: expect.stringContaining("fetch") });
  // Without a preflight neither: a form's content type spares the browser the question, not the answer.
  const plain = await page.evaluate(async (url) => {
    const init = { method: "POST", mode: "no-cors", body: "{}" } as const;
    return (await fetch(`${url}/v1/chat/completions`, init)).type;
  }, network.sidecar.url);
  expect(plain).toBe("opaque");
  expect(network.engine.requests.all).toEqual([]);
});

test("a page whose origin is allowed gets its answer, streamed", async () => {
  await using site = await openSite();
  await using network = await startNetwork({ allowedOrigins: [site.origin] });
  const answer = await askFrom(await site.visit(), network);
  expect(answer).toMatchObject({ status: 200 });
  expect("text" in answer && answer.text).toMatch(/"content":"Hello"[^]*data: \[DONE\]/);
});
