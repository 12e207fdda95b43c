/** The judge of fuzzing finds what it is there to find. */
import { expect, test } from "vitest";
import type { Case } from "./cases.ts";
import { judge } from "./judge.ts";

const call: Case = {
  ...{ kind: "call", method: "GET", path: "/peers", body: undefined, headers: {} },
  ...{ caller: "user", proof: "right" },
};
const torn: Case = { kind: "raw", name: "torn", pieces: ["GET"], ending: "end" };
const answer = (status: number, body: object | string, head = "x-request-id: 1\r\n") =>
  `HTTP/1.1 ${status} X\r\n${head}\r\n${typeof body === "string" ? body : JSON.stringify(body)}`;
const error = (code: string) => ({
  ...{ error: { message: "m", type: "t", param: null, code }, request_id: "1" },
});

test.each<[string, Case, string | undefined, string]>([
  ["a hang", call, undefined, "no end came"],
  ["silence", call, "", "no answer came"],
  ["no HTTP", call, "hello", "what came is no answer"],
  ["a bare 500", call, answer(500, ""), "a bare 500"],
  ["a bare 400", call, answer(400, ""), "a bare 400"],
  ["a call that hung", call, answer(504, error("timeout")), "a 504 timeout"],
  ["a fault of ours", call, answer(500, error("internal_error")), "a 500 internal_error"],
  ["another shape", call, answer(400, { oops: 1 }), "a 400 that is not our error object"],
  ["a code of nobody's", call, answer(400, error("oops")), "the unknown code oops"],
  ["a status of another's", call, answer(404, error("not_owner")), "not_owner with status 404"],
  ["no request id", call, answer(403, error("not_owner"), ""), "an error without a request id"],
])("%s is found", (_name, sent, outcome, complaint) => {
  expect(judge(sent, outcome).complaint).toBe(complaint);
});

test("an answer to HEAD has no body", () => {
  expect(judge({ ...call, method: "HEAD" }, answer(404, "")).complaint).toBeUndefined();
});

test("what is documented is not, and its codes are counted, those of lines too", () => {
  expect(judge(torn, "")).toEqual({ complaint: undefined, codes: [] });
  expect(judge(call, answer(403, error("not_owner")))).toEqual({
    ...{ complaint: undefined, codes: ["not_owner"] },
  });
  const outcomes = [
    { status: "refused", code: "hold_not_found" },
    { status: "accepted", lines: [{ k: 1, outcome: "receipt_conflict" }] },
  ];
  expect(judge(call, answer(200, { outcomes })).codes).toEqual([
    ...["hold_not_found", "receipt_conflict"],
  ]);
});
