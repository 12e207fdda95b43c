/**
 * The grammar of a response's events: which may follow which, and that what is told in pieces and what is told whole
 * are the same. One walk over a whole stream.
 *
 *   stream   = created [queued] in_progress item* ending
 *   item     = added part* done            (a message, thoughts)
 *            | added delta* input-done done (a call)
 *            | added done                   (a call of the shell)
 *   part     = part-added delta* text-done part-done
 *   ending   = completed | incomplete | error failed
 *
 * An item begins when the one before it is done; only calls may stay open beside others. A failure breaks off anywhere.
 */
import { isDeepStrictEqual } from "node:util";
import type {
  OutputItem,
  ResponseEvent,
  ResponseResource,
} from "../../src/client/dialects/responses/items.ts";

/** Where an item stands. */
interface OpenItem {
  id: string;
  index: number;
  kind: OutputItem["type"];
  /** The part that is open, and what was said in it. */
  part: { index: number; kind: string; text: string; isDone: boolean } | undefined;
  parts: number;
  /** A call's arguments or input; undefined once they are done. */
  input: string | undefined;
}

const inner: Readonly<Record<string, { kind: string; place: "content_index" | "summary_index" }>> =
  {
    "response.output_text": { kind: "output_text", place: "content_index" },
    "response.refusal": { kind: "refusal", place: "content_index" },
    "response.reasoning_text": { kind: "reasoning_text", place: "content_index" },
    "response.reasoning_summary_text": { kind: "summary_text", place: "summary_index" },
  };
const inputs: Readonly<Record<string, { kind: OutputItem["type"]; field: string }>> = {
  "response.function_call_arguments": { kind: "function_call", field: "arguments" },
  "response.custom_tool_call_input": { kind: "custom_tool_call", field: "input" },
};
const isCall = (kind: string) => kind.endsWith("_call");

type Fields = Readonly<Record<string, unknown>>;

/**
 * @param first the number of the first event
 * @returns the resource that the ending carries
 * @throws Error that names the event and what is wrong with it
 */
export function expectOrder(events: readonly ResponseEvent[], first = 0): ResponseResource {
  const open = new Map<number, OpenItem>();
  const done = new Map<number, unknown>();
  let stage: "new" | "created" | "queued" | "running" | "broken" | "over" = "new";
  let begun = 0;
  let id: string | undefined;
  let final: ResponseResource | undefined;

  function take(event: ResponseEvent, at: number): void {
    const require = (holds: boolean, what: string) => {
      if (!holds) throw new Error(`event ${at}, ${event.type}: ${what}\n${JSON.stringify(event)}`);
    };
    require(event.sequence_number === first + at, "its number leaves a gap");
    require(stage !== "over", "it comes after the end");
    const lifecycle = (...from: (typeof stage)[]) => {
      require(from.includes(stage), `it cannot come while the stream is ${stage}`);
      if (!("response" in event)) return;
      id ??= event.response.id;
      require(event.response.id === id, "it is about another response");
    };
    switch (event.type) {
      case "response.created":
        lifecycle("new");
        stage = "created";
        return;
      case "response.queued":
        lifecycle("created");
        require(event.response.status === "queued", "its response is not queued");
        stage = "queued";
        return;
      case "response.in_progress":
        lifecycle("created", "queued");
        require(event.response.status === "in_progress", "its response is not in progress");
        stage = "running";
        return;
      case "error":
        lifecycle("running");
        stage = "broken";
        return;
      case "response.failed":
        lifecycle("broken");
        require(event.response.status === "failed", "its response has not failed");
        require(event.response.error !== null, "it does not say why");
        stage = "over";
        final = event.response;
        return;
      case "response.completed":
      case "response.incomplete":
        lifecycle("running");
        require(`response.${event.response.status}` === event.type, "its response says otherwise");
        require(open.size === 0, "an item is still open");
        require(event.response.output.length === begun, "its output has other items");
        for (const [index, item] of done)
          require(isDeepStrictEqual(event.response.output[index], item), `item ${index} differs`);
        require(event.response.usage !== undefined, "it has no usage");
        stage = "over";
        final = event.response;
        return;
      default:
        require(stage === "running", `it cannot come while the stream is ${stage}`);
        takeInner(event as ResponseEvent & Fields, require);
    }
  }

  function takeInner(
    event: ResponseEvent & Fields,
    require: (holds: boolean, what: string) => void,
  ) {
    const index = event["output_index"] as number;
    if (event.type === "response.output_item.added") {
      require(index === begun, "its place is not the next");
      require([...open.values()].every(({ kind }) => isCall(kind)), "the item before it is open");
      const { id: itemId = "", type } = event.item;
      require(itemId !== "", "it has no id");
      begun += 1;
      open.set(index, {
        ...{ id: itemId, index, kind: type as OutputItem["type"] },
        ...{ part: undefined, parts: 0, input: type === "local_shell_call" ? undefined : "" },
      });
      return;
    }
    const item = open.get(index)!;
    require(item !== undefined, "its item is not open");
    if (event.type === "response.output_item.done") {
      require(event.item.id === item.id, "it has another id");
      require(item.part === undefined, "a part is still open");
      require(!isCall(item.kind) || item.input === undefined, "its input is not done");
      open.delete(index);
      done.set(index, event.item);
      return;
    }
    require(event["item_id"] === item.id, "it names another item");
    const place = "summary_index" in event ? "summary_index" : "content_index";
    const { part } = item;
    if (event.type.endsWith("part.added")) {
      require(part === undefined, "a part is still open");
      require(event[place] === item.parts, "its place is not the next");
      const { type } = event["part"] as { type: string };
      item.part = { index: item.parts, kind: type, text: "", isDone: false };
      item.parts += 1;
      return;
    }
    if (event.type.endsWith("part.done")) {
      require(part?.isDone === true && event[place] === part.index, "its text is not done");
      require(textOf(event["part"] as Fields) ===
        part!.text, "its text is not the sum of its deltas");
      item.part = undefined;
      return;
    }
    const [, stem = "", step = ""] = /^(.*)\.(delta|done)$/.exec(event.type) ?? [];
    const input = inputs[stem];
    if (input) {
      require(item.kind === input.kind, "it belongs to another kind of item");
      require(item.input !== undefined, "its input is done already");
      if (step === "delta") item.input += event["delta"] as string;
      else {
        require(event[input.field] === item.input, "it is not the sum of its deltas");
        item.input = undefined;
      }
      return;
    }
    const words = inner[stem]!;
    require(words !== undefined, "it is no event of these items");
    require(part?.kind === words.kind && event[words.place] === part.index, "its part is not open");
    require(!part!.isDone, "its text is done already");
    if (step === "delta") part!.text += event["delta"] as string;
    else {
      require(textOf(event) === part!.text, "it is not the sum of its deltas");
      part!.isDone = true;
    }
  }

  events.forEach(take);
  if (!final) throw new Error(`the stream ends without an ending, ${stage}`);
  return final;
}

const textOf = (fields: Fields): unknown => fields["text"] ?? fields["refusal"];
