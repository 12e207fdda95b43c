/**
 * The worker's sealing keys: made anew for each of its runs and then every week, in its memory only, and shown to
 * clients in a statement by the node's own key. The rule is `protocol/key-statement-rotation.ts`.
 */
import type { Clock } from "../../base/clock.ts";
import { startLoop } from "../../base/loop.ts";
import type { Random } from "../../base/random.ts";
import type { Log } from "../../host/log.ts";
import { toBase64url } from "../../protocol/bytes.ts";
import { generateHpkeKeyPair, type HpkeKeyPair } from "../../protocol/hpke.ts";
import { createKeyStatement, hpkeKeyId } from "../../protocol/key-statement.ts";
import { keysToHold, newKeyLife } from "../../protocol/key-statement-rotation.ts";
import { limits } from "../../protocol/limits.ts";
import type { Signer } from "../../protocol/signature.ts";
import { createStatement, type Enrolment } from "../../protocol/statement.ts";

export interface SealingKeysParts {
  node: Signer;
  /** Vouches for the node in each statement. */
  owner: Signer;
  /** The coordinator's public base. */
  audience: string;
  clock: Clock;
  /** Coordinator time, ms. */
  now: () => number;
  random: Random;
  log: Log;
  /** Another key is to be shown from now on. */
  onChange: () => void;
}

export interface SealingKeys {
  /** Of this run of the worker, base64url. */
  readonly boot: string;
  /** All that a request may be sealed to, by kid. */
  opened(): ReadonlyMap<string, HpkeKeyPair>;
  /** The present key's, once `refresh` has made one. */
  statement(): string | undefined;
  /** Makes the next key where it is due and forgets what has ended. @returns how long until it must look again, ms */
  refresh(): Promise<number>;
  /** Refreshes in time, until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
}

interface HeldKey {
  kid: string;
  pair: HpkeKeyPair;
  statement: string;
  from: number;
  until: number;
}

/** However long a key lives, clocks are corrected meanwhile. */
const longestPauseMs = 3_600_000;
const backoff = { firstMs: 1_000, ceilingMs: 60_000 };

export function createSealingKeys(parts: SealingKeysParts): SealingKeys {
  const { node, owner, audience, clock, now, random, log, onChange } = parts;
  const boot = toBase64url(random.bytes(limits.bootBytes));
  let held: HeldKey[] = [];
  let shown: HeldKey | undefined;

  async function makeKey(at: number): Promise<HeldKey> {
    const pair = generateHpkeKeyPair(random);
    const key = {
      ...{ publicKey: pair.publicKey, kid: hpkeKeyId(pair.publicKey), boot },
      ...newKeyLife(at),
    };
    const body: Enrolment = { node: node.id, owner: owner.id };
    const enrolment = await createStatement(owner, "troop-enrolment+jwt", audience, at, body);
    const statement = await createKeyStatement({ node, audience, now: at, key, enrolment });
    return { kid: key.kid, pair, statement, from: key.from, until: key.until };
  }

  async function refresh(): Promise<number> {
    const at = now();
    if (keysToHold(at, held).isNextDue) held.push(await makeKey(at));
    const hold = keysToHold(at, held);
    held = hold.opened;
    if (hold.shown !== shown) {
      shown = hold.shown;
      onChange();
    }
    return Math.min(longestPauseMs, Math.max(1_000, hold.lookAgainAt - at));
  }

  return {
    boot,
    opened: () => new Map(held.map(({ kid, pair }) => [kid, pair])),
    statement: () => shown?.statement,
    refresh,
    run: (signal) =>
      startLoop({
        ...{ clock, random, signal, backoff, round: refresh },
        onFailure: (error) => log.error({ err: error }, "sealing key not renewed"),
      }).ended,
  };
}
