/** What a relay carries for a ticket, an account at a node, and a network. */
import { expect, test } from "vitest";
import { createFakeClock } from "../../test/support/fake-clock.ts";
import { limits } from "../protocol/limits.ts";
import { createQuotas, type StreamClaims } from "./quotas.ts";

const dayMs = 86_400_000;
const mebibyte = 1_024 * 1_024;

function start(streams = 100) {
  const clock = createFakeClock();
  const quotas = createQuotas({ streams, prefixBytes: 10 * mebibyte }, clock.now);
  const claims = (fields: Partial<StreamClaims> = {}): StreamClaims => ({
    ...{ ticket: "t", ticketEndsAt: clock.now() + 60_000, pseudonym: "p", prefix: "8.8.8.0/24" },
    ...fields,
  });
  return { clock, quotas, claims };
}
const tooMuch = (retryAfterMs: number) =>
  expect.objectContaining({ code: "rate_limit_exceeded", retryAfterMs });

test("a ticket that has carried its share is cut off, and refused for as long as it lives", () => {
  const { quotas, claims } = start();
  const use = quotas.begin(claims({ prefix: undefined }));
  expect(use.take(limits.relayTicketBytes)).toBe(true);
  expect(use.take(1)).toBe(false);
  use.end();
  expect(() => quotas.begin(claims({ prefix: undefined }))).toThrow(tooMuch(60_000));
  expect(quotas.begin(claims({ prefix: undefined, ticket: "u" })).take(1)).toBe(true);
});

test("a network's share is a day's, whatever tickets it comes with", async () => {
  const { clock, quotas, claims } = start();
  await clock.advance(dayMs - 1_000);
  const use = quotas.begin(claims());
  expect(use.take(10 * mebibyte)).toBe(true);
  use.end();
  const other = () => quotas.begin(claims({ ticket: "u", pseudonym: "q" }));
  expect(other).toThrow(tooMuch(1_000));
  expect(() => quotas.begin(claims({ prefix: "9.9.9.0/24" }))).not.toThrow();
  await clock.advance(1_000);
  expect(other).not.toThrow();
});

test("an account's streams at one node are counted over all its tickets", () => {
  const { quotas, claims } = start();
  const begin = (index: number, pseudonym = "p") =>
    quotas.begin(claims({ ticket: `t${index}`, prefix: undefined, pseudonym })).end();
  for (let index = 0; index < limits.relayPseudonymStreams; index += 1) begin(index);
  expect(() => begin(-1)).toThrow(tooMuch(dayMs));
  expect(() => begin(-1, "q")).not.toThrow();
});

test("streams at once have a limit, and each end makes room once", () => {
  const { quotas, claims } = start(2);
  const first = quotas.begin(claims());
  quotas.begin(claims());
  expect(() => quotas.begin(claims())).toThrow(expect.objectContaining({ code: "busy" }));
  first.end();
  first.end();
  expect(quotas.open).toBe(1);
  quotas.begin(claims());
  expect(quotas.open).toBe(2);
});

test("one ticket has a share of the streams at once, and each end makes room for another", () => {
  const { quotas, claims } = start(1_000);
  const begin = (ticket = "t") => quotas.begin(claims({ ticket }));
  const uses = Array.from({ length: limits.relayStreamsPerTicket }, () => begin());
  expect(() => begin()).toThrow(expect.objectContaining({ code: "busy", retryAfterMs: 1_000 }));
  expect(() => begin("u")).not.toThrow();
  uses[0]!.end();
  uses[0]!.end();
  expect(() => begin()).not.toThrow();
  expect(() => begin()).toThrow(expect.objectContaining({ code: "busy" }));
});
