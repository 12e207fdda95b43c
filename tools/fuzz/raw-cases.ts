/** Bytes that are no call, half of one, or several: where parsers differ. Pure. */
import fc from "fast-check";

export interface RawCase {
  kind: "raw";
  name: string;
  /** One character a byte; sent one after the other. */
  pieces: string[];
  /** `wait`: for the answer. `end`: says that no more comes. `leave`: hangs up at once. */
  ending: "wait" | "end" | "leave";
}

const host = "host: x\r\n";
const close = "connection: close\r\n";
const json = "content-type: application/json\r\n";
const body = '{"statements":["x"]}';
const post = (headers: string, path = "/receipts") =>
  `POST ${path} HTTP/1.1\r\n${host}${close}${json}${headers}\r\n`;
const get = (path: string, headers = "") => `GET ${path} HTTP/1.1\r\n${host}${close}${headers}\r\n`;
const lengthy = (count: number) => `content-length: ${count}\r\n`;
const chunked = "transfer-encoding: chunked\r\n";

const token = fc.string({ minLength: 1, maxLength: 12 });
const count = fc.integer({ min: 0, max: 200 });

/** Texts by name; those that say nothing of an ending are waited for. */
const texts: Readonly<Record<string, fc.Arbitrary<string>>> = {
  "a method of its own": token.map((word) => `${word} /health HTTP/1.1\r\n${host}${close}\r\n`),
  "a path of any bytes": fc
    .string({ unit: "binary", maxLength: 40 })
    .map((word) => get(`/${word}`)),
  "dots and slashes": fc
    .array(fc.constantFrom("/", "..", ".", "%2e", "%2f", "%5c", "\\", "%00", "a", "%zz", "//"))
    .map((parts) => get(`/users/${parts.join("")}/balance`)),
  "a long path": count.map((times) => get(`/users/${"a".repeat(times * 100)}/balance`)),
  "a query of anything": fc.webQueryParameters().map((query) => get(`/v1/models?${query}`)),
  "two lengths": count.map((size) => post(lengthy(size) + lengthy(size + 1)) + body),
  "length and chunks": fc.constant(post(lengthy(5) + chunked) + "0\r\n\r\n"),
  "a length that is none": fc
    .constantFrom("-1", "+5", "0x5", "5 5", "1e1", "99999999999999999999", "")
    .map((text) => post(`content-length: ${text}\r\n`) + body),
  "chunks that lie": fc
    .constantFrom("5\r\nabc", "g\r\n", "-1\r\n", "5;x\r\nabcde\r\n", "ffffffffffffffff\r\n")
    .map((text) => `${post(chunked)}${text}\r\n0\r\n\r\n`),
  "an odd encoding": fc
    .constantFrom("gzip, chunked", "chunked, chunked", "identity", "xchunked", "chunked;q=1")
    .map((text) => post(`transfer-encoding: ${text}\r\n`) + "0\r\n\r\n"),
  "two of a header": fc
    .constantFrom("host", "authorization", "content-type", "dpop", "content-length")
    .map((name) => get("/health", `${name}: 1\r\n${name}: 2\r\n`)),
  "a version": fc
    .constantFrom("HTTP/0.9", "HTTP/1.0", "HTTP/2.0", "HTTP/1.2", "http/1.1", "", "HTCPCP/1.0")
    .map((version) => `GET /health ${version}\r\n${host}${close}\r\n`),
  "a form of its own": fc
    .constantFrom("http://elsewhere/health", "*", "elsewhere:443", "health", "//elsewhere/health")
    .map((form) => get(form)),
  "many headers": count.map((times) => get("/health", "a: b\r\n".repeat(times))),
  "long headers": count.map((times) => get("/health", `a: ${"b".repeat(times * 200)}\r\n`)),
  "headers of any bytes": fc
    .string({ unit: "binary", maxLength: 60 })
    .map((text) => get("/health", `a: ${text}\r\n`)),
  "folded and bare lines": fc
    .constantFrom(
      "a: b\r\n c\r\n",
      "a: b\nc: d\r\n",
      "a : b\r\n",
      ": b\r\n",
      "a\r\n",
      "\r a: b\r\n",
    )
    .map((text) => get("/health", text)),
  "no HTTP": fc.string({ unit: "binary", minLength: 1 }).map((text) => `${text}\r\n\r\n`),
  "an upgrade": fc
    .constantFrom("h2c", "websocket", "troop-relay", "TLS/1.0")
    .map((what) => get("/relay", `connection: upgrade\r\nupgrade: ${what}\r\n`)),
  "an expectation": fc
    .constantFrom("100-continue", "a miracle")
    .map((what) => post(`expect: ${what}\r\n${lengthy(body.length)}`) + body),
  "a sealed request": fc
    .constantFrom(
      "",
      "authorization: Bearer x\r\n",
      "authorization: Basic x\r\n",
      "authorization: \r\n",
    )
    .map((ticket) => {
      const sealed = `content-type: application/troop-sealed\r\n${ticket}${lengthy(4)}`;
      return `POST /relay/${"A".repeat(43)}/infer HTTP/1.1\r\n${host}${close}${sealed}\r\nbody`;
    }),
  "a body that nobody asked for": count.map(
    (size) => `${get("/health", lengthy(size))}${"x".repeat(size)}`,
  ),
};

const whole: fc.Arbitrary<RawCase> = fc
  .oneof(...Object.entries(texts).map(([name, made]) => made.map((text) => ({ name, text }))))
  .map(({ name, text }) => ({ kind: "raw", name, pieces: [text], ending: "end" }));

const torn: fc.Arbitrary<RawCase> = fc
  .tuple(fc.nat(200), fc.constantFrom("end", "leave"))
  .map(([at, ending]) => {
    const text = post(lengthy(body.length)) + body;
    return { kind: "raw", name: "torn", pieces: [text.slice(0, at % text.length)], ending };
  });

const piecemeal: fc.Arbitrary<RawCase> = fc.integer({ min: 1, max: 40 }).map((size) => ({
  ...{ kind: "raw", name: "piece by piece", ending: "wait" },
  pieces: (post(lengthy(body.length)) + body).match(new RegExp(`[^]{1,${size}}`, "g"))!,
}));

const pipelined: fc.Arbitrary<RawCase> = fc.integer({ min: 2, max: 20 }).map((times) => ({
  ...{ kind: "raw", name: "pipelined", ending: "wait" },
  pieces: [`GET /health HTTP/1.1\r\n${host}\r\n`.repeat(times) + get("/health")],
}));

/** It holds a connection for as long as slow bodies may. */
const slow: fc.Arbitrary<RawCase> = fc.nat(body.length - 1).map((at) => ({
  ...{ kind: "raw", name: "slow", ending: "wait" },
  pieces: [post(lengthy(body.length)) + body.slice(0, at)],
}));

export const rawCases: fc.Arbitrary<RawCase> = fc.oneof(
  { weight: 60, arbitrary: whole },
  { weight: 15, arbitrary: torn },
  { weight: 10, arbitrary: piecemeal },
  { weight: 10, arbitrary: pipelined },
  { weight: 1, arbitrary: slow },
);
