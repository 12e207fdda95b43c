/**
 * DNS rebinding in a real browser: a stranger's page is loaded from the stranger's server, then its name leads to this
 * machine. To the browser the sidecar is then the page's own server, so that nothing but the name betrays it.
 */
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Network, startNetwork } from "./network.ts";

const stranger = "evil.example";

let browser: Browser;
beforeAll(async () => {
  const executablePath = process.env.CHROME;
  if (!executablePath)
    throw new Error("CHROME is not set: run `npm test`, which finds a Chromium.");
  browser = await chromium.launch({
    executablePath,
    args: [
      ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"],
      ...["--disable-background-networking", "--disable-component-update", "--disable-sync"],
      // Newer browsers ask before a page of the world may reach this machine; older ones, and other brands, do not.
      "--disable-features=LocalNetworkAccessChecks,PrivateNetworkAccessChecks",
      // What the stranger's name server says once the page is there.
      `--host-resolver-rules=MAP ${stranger} 127.0.0.1`,
    ],
  });
});
afterAll(() => browser.close());

interface Rebound {
  page: Page;
  /** What the sidecar answered, in order: status and what was asked. */
  answers: string[];
}

/** The page has the sidecar's own port: an origin is scheme, name and port. */
async function openRebound({ sidecar }: Network): Promise<Rebound> {
  const origin = `http://${stranger}:${new URL(sidecar.url).port}`;
  const page = await browser.newPage();
  // The stranger's own server, while the name still led there.
  await page.route(`${origin}/`, (route) =>
    route.fulfill({ contentType: "text/html", body: "<title>free models</title>" }),
  );
  await page.goto(`${origin}/`);
  const answers: string[] = [];
  page.on("response", (response) => {
    const { pathname } = new URL(response.url());
    answers.push(`${response.status()} ${response.request().method()} ${pathname}`);
  });
  return { page, answers };
}

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  credentials?: "include";
}

const ask = (page: Page, path: string, init: Asked) =>
  page.evaluate(
    async ([where, how]) => {
      const response = await fetch(where, how as RequestInit);
      return { status: response.status, type: response.type, text: await response.text() };
    },
    [path, init] as const,
  );

/** `EventSource.CLOSED`, a browser's constant. */
const closed = 2;

const question = JSON.stringify({
  model: "test-model",
  messages: [{ role: "user", content: "Hi" }],
});

test("what the page fetches as its own is refused, and nobody is asked", async () => {
  await using network = await startNetwork();
  const { page } = await openRebound(network);
  const json = { "content-type": "application/json" };
  const tries: [path: string, init: Asked][] = [
    ["/v1/models", {}],
    ["/status", { credentials: "include" }],
    ["/health", { method: "HEAD" }],
    ["/api/tags", {}],
    ["/v1/chat/completions", { method: "POST", headers: json, body: question }],
    ["/v1/chat/completions", { method: "POST", body: question }],
    ["/v1/responses/resp_1", { method: "DELETE" }],
    ["/v1/messages", { method: "POST", headers: { ...json, "x-api-key": "any" }, body: question }],
  ];
  for (const [path, init] of tries) {
    const answer = await ask(page, path, init);
    // Not kept from it by the browser: the page may read the refusal, since it is the page's own server's.
    expect([path, answer.status, answer.type]).toEqual([path, 403, "basic"]);
    expect(answer.text).not.toContain("test-model");
  }
  expect(network.engine.requests.all).toEqual([]);
});

interface Tricked {
  image: string;
  script: string;
  events: number;
  form: string;
}

/** As text: nothing else here knows a browser's names. The form is the oldest trick, JSON with the `=` in a string. */
const tricks = `(async () => {
  const make = (name, fields) => Object.assign(document.createElement(name), fields);
  const outcomeOf = (element) => new Promise((resolve) => {
    element.onload = () => resolve("loaded");
    element.onerror = () => resolve("failed");
    document.body.append(element);
  });
  const image = outcomeOf(make("img", { src: "/v1/models?image" }));
  const script = outcomeOf(make("script", { src: "/status?script" }));
  const source = new EventSource("/v1/models?events");
  const events = new Promise((resolve) => {
    source.onerror = () => resolve(source.readyState);
    source.onopen = () => resolve(source.readyState);
  });
  const frame = make("iframe", { name: "frame" });
  await outcomeOf(frame);
  const body = ${JSON.stringify(question)};
  const form = make("form", { target: "frame", method: "post", enctype: "text/plain", action: "/v1/chat/completions" });
  form.append(make("input", { name: body.slice(0, -1), value: '"}' }));
  document.body.append(form);
  const posted = new Promise((resolve) => { frame.onload = resolve; });
  form.submit();
  await posted;
  navigator.sendBeacon("/v1/chat/completions", body);
  return { image: await image, script: await script, events: await events, form: frame.contentDocument.body.textContent };
})()`;

test("a form, an image, a script, a stream of events, a beacon: each is refused", async () => {
  await using network = await startNetwork();
  const { page, answers } = await openRebound(network);
  const beacon = page.waitForResponse((answer) => answer.request().resourceType() === "ping");
  const seen: Tricked = await page.evaluate(tricks);
  expect(seen).toMatchObject({ image: "failed", script: "failed", events: closed });
  expect(seen.form).toContain("forbidden_origin");
  await beacon;
  expect(answers.filter((answer) => answer.includes("POST"))).toHaveLength(2);
  expect(answers.filter((answer) => !answer.startsWith("403 "))).toEqual([]);
  expect(network.engine.requests.all).toEqual([]);
});

test("a WebSocket does not open", async () => {
  await using network = await startNetwork();
  const { page } = await openRebound(network);
  const outcome = await page.evaluate(`new Promise((resolve) => {
    const socket = new WebSocket("ws://" + location.host + "/v1/responses");
    socket.onopen = () => resolve("open");
    socket.onerror = () => resolve("refused");
  })`);
  expect(outcome).toBe("refused");
  // Somebody who is no page gets through at the same place.
  const socket = new WebSocket(`${network.sidecar.url.replace("http", "ws")}/v1/responses`);
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", reject);
  });
  socket.close();
});
