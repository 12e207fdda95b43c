/** Does one operation on the model and on the ledger, and hands back what each answered. */
import { TroopError } from "../../src/protocol/error-codes.ts";
import { nameUuid } from "../../src/protocol/ids.ts";
import { parseCredits } from "../../src/protocol/credits.ts";
import type { StatementOutcome } from "../../src/protocol/receipt.ts";
import { veteran, type Operation } from "./operations.ts";
import { createModel, type Model, type NewModelHold } from "./model/verbs.ts";
import type { ModelAnswer } from "./model/state.ts";
import { starterCredits, type RealBooks } from "./real-books.ts";
import { createSpeech, rates, tree } from "./speech.ts";

const ticketMs = 300_000;
const holdMs = 3_000_000;
const unusedAfterMs = 60_000;

export interface Both {
  model: Model;
  accounts: readonly string[];
  /** Holds opened so far, in order. */
  holds: string[];
  /** What model and ledger answer; of equal meaning, or one of them is wrong. */
  apply(operation: Operation): Promise<{ model: string; ledger: string }>;
}

export function createBoth(real: RealBooks, accounts: readonly string[], now: number): Both {
  const model = createModel(accounts, now, starterCredits);
  const { state } = model;
  const { ledger } = real;
  const holds: string[] = [];
  const speech = createSpeech(state, holds);
  /** Statements can be sent again, word for word. */
  const sent: (() => Promise<{ model: string; ledger: string }>)[] = [];

  const holdAt = (index: number) => state.holds.get(holds[index % Math.max(1, holds.length)] ?? "");
  const nodeOf = (payee: string) => `node of ${payee}`;

  function wishOf(operation: Extract<Operation, { type: "open" }>): NewModelHold {
    const payer = accounts[operation.payer]!;
    const payee = accounts[operation.payee]!;
    return {
      id: nameUuid("hold", payer, String(operation.id)),
      ...{ payer, payee, node: nodeOf(payee) },
      amount: payer === payee ? 0n : operation.amount,
      rate: rates[operation.rate]!,
      body: `${operation.payee} ${operation.amount} ${operation.rate}`,
      ticketEnds: state.now + ticketMs,
      expires: state.now + holdMs,
    };
  }

  async function open(wish: NewModelHold) {
    const expected = model.openHold(wish);
    if (expected === "opened") holds.push(wish.id);
    const opening = ledger.openHold({
      ...{ id: wish.id, account: wish.payer, payee: wish.payee, node: wish.node },
      ...{ model: "a-model", modelDigest: null, amount: wish.amount, multiplier: 10_000 },
      rate: {
        perSecond: wish.rate.second,
        perPromptToken: wish.rate.prompt,
        perCompletionToken: wish.rate.completion,
      },
      ...{ anchor: tree.anchor, maxSeconds: 1_800, bodyHash: wish.body, openedAt: state.now },
      ...{ ticketExpiresAt: wish.ticketEnds, expiresAt: wish.expires },
    });
    return { model: expected, ledger: await coded(opening.then(({ outcome }) => outcome)) };
  }

  return {
    model,
    accounts,
    holds,
    async apply(operation) {
      // Time never stands quite still, so that "before" and "after" are always told apart.
      state.now += 1;
      switch (operation.type) {
        case "grant": {
          const account = accounts[operation.account]!;
          return { model: model.grant(account), ledger: await ledger.grant(account, state.now) };
        }
        case "open":
          return open(wishOf(operation));
        case "receive": {
          const hold = holdAt(operation.hold);
          if (!hold) return nothing;
          const node = operation.isStranger ? "a stranger" : hold.node;
          const { lines, body, statement } = speech.receipt(hold, node, operation.lines);
          const say = async () => ({
            model: answersOf(model.receive(hold.id, node, lines)),
            ledger: outcomesOf(await ledger.receive(body, statement, state.now)),
          });
          sent.push(say);
          return say();
        }
        case "acknowledge": {
          const hold = holdAt(operation.hold);
          if (!hold) return nothing;
          const account = operation.isStranger ? hold.payee : hold.payer;
          const { words, body, statement } = speech.acknowledgement(hold, account, operation.words);
          const say = async () => ({
            model: answersOf(model.acknowledge(hold.id, account, words)),
            ledger: outcomesOf(await ledger.acknowledge(body, statement, account, state.now)),
          });
          sent.push(say);
          return say();
        }
        case "close": {
          const hold = holdAt(operation.hold);
          if (!hold) return nothing;
          const { numbers } = operation;
          const expected = model.close(hold.id, hold.node, numbers);
          const { status } = await ledger.closeHold(
            { hold: hold.id, numbers },
            hold.node,
            state.now,
          );
          return { model: expected, ledger: status };
        }
        case "resend":
          return sent.length === 0 ? nothing : sent[operation.earlier % sent.length]!();
        case "gift": {
          const gift = {
            id: nameUuid("a gift", String(operation.id)),
            from: accounts[operation.from]!,
            to: accounts[operation.to]!,
            amount: operation.amount,
          };
          return {
            model: model.gift(gift, operation.from === veteran),
            ledger: await coded(
              ledger.gift({ ...gift, memo: null }, state.now).then(() => "given"),
            ),
          };
        }
        case "pass":
          state.now += operation.ms;
          return nothing;
        case "postpone":
          model.postpone(operation.ms);
          await ledger.postponeVesting(state.now - operation.ms, state.now);
          return nothing;
        case "expire":
          return same(model.expire(), await ledger.expireHolds(state.now));
        case "release": {
          const endedBy = state.now - unusedAfterMs;
          const unused = (await ledger.findUnusedHolds(endedBy)).map(({ id }) => id);
          await ledger.releaseUnused(unused, state.now);
          return same(model.releaseUnused(endedBy), unused.length);
        }
        case "vest":
          return same(model.vest(), (await ledger.vest(state.now)).vested);
        default:
          return operation satisfies never;
      }
    },
  };
}

const nothing = { model: "", ledger: "" };
const same = (model: number, ledger: number) => ({ model: String(model), ledger: String(ledger) });

const coded = (work: Promise<string>): Promise<string> =>
  work.catch((error: unknown) => {
    if (error instanceof TroopError) return error.code;
    throw error;
  });

const answersOf = (answers: ModelAnswer[] | string): string =>
  typeof answers === "string"
    ? answers
    : answers.map(({ outcome, paid }) => `${outcome} ${paid}`).join(", ");

const outcomesOf = (outcome: StatementOutcome): string =>
  outcome.status === "refused"
    ? outcome.code
    : outcome.lines
        .map(({ outcome: said, paid }) => `${said} ${parseCredits(paid ?? "0.000000")}`)
        .join(", ");
