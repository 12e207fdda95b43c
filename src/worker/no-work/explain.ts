/** A reason in words: one sentence of cause, and the one thing that changes it. Names come from outside and are checked. */
import { errorCodes } from "../../protocol/error-codes.ts";
import type { ProofStatus } from "../proof/proving.ts";
import type { Wanted, WhyNoWork } from "./why-no-work.ts";

export interface Explained {
  cause: string;
  /** A command, or what to do. */
  step: string;
}

/** What Ollama calls its models. Strict, because people type what is printed. */
const ollamaName = /^[a-z0-9][a-z0-9._-]*(\/[a-z0-9][a-z0-9._-]*)?:[a-z0-9][a-z0-9._-]*$/i;

/** The command that gets a model, where its name says whose it is. */
export const commandThatGets = (model: string): string | undefined =>
  ollamaName.test(model) ? `ollama pull ${model}` : undefined;

/** What anybody asked for is anybody's text: a name that could not be a model's is not shown. */
export const isShowable = (model: string): boolean =>
  /^[A-Za-z0-9][A-Za-z0-9._:/@+-]*$/.test(model);

const count = (number: number, one: string, many = `${one}s`): string =>
  `${number} ${number === 1 ? one : many}`;

const minuteOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16)}Z`;

export function explain(why: WhyNoWork): Explained {
  switch (why.code) {
    case "starting":
      return {
        cause: "It has just started, and the coordinator has not answered it yet.",
        step: "Wait a few seconds and look again.",
      };
    case "draining":
      return {
        cause: "It takes nothing more, as it was told, and ends once nothing runs.",
        step: "Start it again once it has ended: troop worker",
      };
    case "paused":
      return { cause: "You paused it.", step: "troop worker resume" };
    case "proving":
      return {
        cause: "It shows the coordinator what its hardware can do, and takes nothing meanwhile.",
        step: "Wait: it takes a minute or two, five at most",
      };
    case "coordinator_unreachable":
      return {
        cause: `The coordinator does not answer${
          why.answeredAt === undefined ? "" : `; it last did at ${minuteOf(why.answeredAt)}`
        }. What was earned is kept and sent once it is back.`,
        step: "troop doctor",
      };
    case "upgrade_required":
      return {
        cause: "The coordinator speaks a newer protocol than this worker.",
        step: "npm install --global monkey-troop, and start the worker again",
      };
    case "unreachable":
      return {
        cause:
          "Nobody could reach this node: it has no address that the coordinator lists, and no relay.",
        step: "Join the mesh (troop mesh join), or start the worker with --relay auto",
      };
    case "not_enrolled":
      return {
        cause: `The coordinator does not take this node in (${why.refusal}): ${errorCodes[why.refusal].text}`,
        step: notEnrolledStep(why.refusal),
      };
    case "owner_present":
      return {
        cause: `The machine is yours now: ${why.detail}.`,
        step: "Leave it alone for 30 seconds; OWNER_WATCH and OWNER_PROGRAMS say what counts as you",
      };
    case "outside_schedule":
      return {
        cause: "The hours are yours by OWNER_SCHEDULE.",
        step: "Change OWNER_SCHEDULE and start the worker again",
      };
    case "on_battery":
      return {
        cause: "The machine runs on its battery.",
        step: "Plug it in, or set OWNER_BATTERY=on and start the worker again",
      };
    case "too_hot":
      return {
        cause: `The machine rests: ${why.detail}.`,
        step: "It lends again once it is five degrees cooler; OWNER_TEMPERATURE_CAP says from where on it rests",
      };
    case "no_engine":
      return {
        cause: "No inference engine was found on this machine.",
        step: "Start one (ollama serve), or start the worker with --model <file.gguf>",
      };
    case "engine_down":
      return {
        cause: `${why.isFailing ? "Requests keep failing" : "Nothing answers"} at ${why.engines.join(", ")}.`,
        step: "Start the engine again, and look into its log; then: troop doctor",
      };
    case "no_models":
      return noModels(why);
    case "lent_to_few":
      return {
        cause:
          why.lendTo === "troop"
            ? "It lends to you and your troops only, and there are no troops yet."
            : "It lends to you only, and you do not ask.",
        step: "Start the worker with --for all",
      };
    case "demand_unknown":
      return {
        cause:
          "Nothing here keeps requests away; what people ask for could not be learned from the coordinator.",
        step: "Wait a minute and look again; then: troop doctor",
      };
    case "nobody_asks":
      return {
        cause:
          why.earlier === 0
            ? "Nobody asked for any of your models within a day."
            : `Nobody asks for any of your models now; within a day ${count(why.earlier, "account")} did.`,
        step: "Leave it on, or offer what people ask for and nobody serves",
      };
    case "others_preferred":
      return othersPreferred(why.wanted);
    default:
      return why satisfies never;
  }
}

function notEnrolledStep(refusal: Extract<WhyNoWork, { code: "not_enrolled" }>["refusal"]): string {
  if (refusal === "join_required") return "Start the worker with --invite <code>";
  if (refusal === "node_limit")
    return "One account has as many nodes as it may; start the worker with another (--data)";
  return "troop doctor";
}

function noModels({ tooLarge, denied }: Extract<WhyNoWork, { code: "no_models" }>): Explained {
  const kept = [
    ...(tooLarge > 0 ? [`${tooLarge} larger than OWNER_VRAM_GIB allows`] : []),
    ...(denied > 0 ? [`${denied} that MODELS_ALLOW and MODELS_DENY leave out`] : []),
  ];
  return kept.length === 0
    ? {
        cause:
          "The engine has no model that can be lent; those that it computes elsewhere never are.",
        step: "Get one, such as: ollama pull qwen3:8b",
      }
    : {
        cause: `The engine has no model that may be lent: ${kept.join(", ")}.`,
        step: "Change that setting and start the worker again, or get another model",
      };
}

function othersPreferred(wanted: readonly Wanted[]): Explained {
  const each = wanted
    .filter(({ model }) => isShowable(model))
    .slice(0, 3)
    .map(
      ({ model, requesters, others }) =>
        `${model} (${count(requesters, "account")}, ${count(others, "other node")})`,
    );
  const isAlone = wanted.every(({ others }) => others === 0);
  return {
    cause: `People ask for what you offer, and it went ${
      isAlone ? "to nobody or to nodes that left" : "to others"
    }: ${each.join(", ")}.`,
    step: isAlone
      ? "See whether clients can reach this node: troop doctor"
      : "Leave it on, or offer what people ask for and nobody serves",
  };
}

/** What makes work rarer without keeping it away. */
export interface Hint extends Explained {
  code: "unproven_multiplier";
}

const unproven = "0.0500";

/** @param provenance what the coordinator says of the node's multiplier; `off` where this worker proves nothing */
export const hintsFor = (multiplier: string, provenance: ProofStatus["provenance"]): Hint[] =>
  multiplier === unproven && provenance !== "proven"
    ? [
        {
          code: "unproven_multiplier",
          cause: `This node's speed is unproven: its seconds count as ${multiplier} of an RTX 3060's.`,
          step:
            provenance === "off"
              ? "Start the worker with PROVE_HARDWARE=on"
              : "troop worker bench    (what it would prove here; the coordinator asks for it by itself)",
        },
      ]
    : [];
