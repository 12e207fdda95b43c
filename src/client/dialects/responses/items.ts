/**
 * What a response consists of, in OpenAI's own published types: the items of its input and output, the resource and
 * the events that tell of it. Types only; their package is not needed to run.
 */
import type * as published from "openai/resources/responses/responses";

/** `output_text` is a convenience that OpenAI's SDK adds; no server sends it. */
export type ResponseResource = Omit<published.Response, "output_text">;
export type ResponseStatus = published.ResponseStatus;

/** Published events, with the resource as servers send it. */
type WithResource<Event> = Event extends { response: published.Response }
  ? Omit<Event, "response"> & { response: ResponseResource }
  : Event;
export type ResponseEvent = WithResource<published.ResponseStreamEvent>;

export type InputContent =
  published.ResponseInputText | published.ResponseInputImage | published.ResponseInputFile;
export type OutputContent = published.ResponseOutputText | published.ResponseOutputRefusal;

export type InputMessage = published.ResponseInputMessageItem;
export type OutputMessage = published.ResponseOutputMessage;
export type ReasoningItem = published.ResponseReasoningItem;
export type FunctionCallItem = published.ResponseFunctionToolCallItem;
export type FunctionCallOutput = published.ResponseFunctionToolCallOutputItem & { call_id: string };
export type CustomToolCallItem = published.ResponseCustomToolCallItem;
export type CustomToolCallOutput = published.ResponseCustomToolCallOutputItem;
export type LocalShellCall = published.ResponseItem.LocalShellCall;
export type LocalShellCallOutput = published.ResponseItem.LocalShellCallOutput;

/** What a model says, as a conversation keeps it. */
export type OutputItem =
  OutputMessage | ReasoningItem | FunctionCallItem | CustomToolCallItem | LocalShellCall;

/** What a model says, as the resource and its events tell it. */
export type ToldItem = published.ResponseOutputItem;

/** What a conversation is made of; each has an id. */
export type Item =
  OutputItem | InputMessage | FunctionCallOutput | CustomToolCallOutput | LocalShellCallOutput;

/** Stands for an item that was said before and is kept. */
export interface ItemReference {
  type: "item_reference";
  id: string;
}

export type InputItem = Item | ItemReference;

/** Makes an id of this kind, as `msg` makes `msg_…`. */
export type NextId = (prefix: string) => string;
