/** The parts of a message or of a tool's output, read. Pure. */
import { z } from "zod";
import type { InputContent, OutputContent } from "./items.ts";
import { invalid, isObject, parse, unsupported } from "./refusal.ts";
import { textOfFile } from "./text-file.ts";

const text = z.string();
/** A hint for caches that there are not. */
const hints = { prompt_cache_breakpoint: z.unknown().optional() };

const textPart = z.object({ type: z.string(), text, ...hints });
const imagePart = z.object({
  type: z.string(),
  image_url: text.nullish(),
  file_id: text.nullish(),
  detail: z.enum(["low", "high", "auto", "original"]).nullish(),
  ...hints,
});
const filePart = z.object({
  type: z.string(),
  filename: text.max(1_024).nullish(),
  file_data: text.nullish(),
  file_id: text.nullish(),
  file_url: text.nullish(),
  detail: z.unknown().optional(),
  ...hints,
});

/** What comes in, whether a user's or a tool's. @throws TroopError */
export function readInputContent(
  value: unknown,
  param: string,
  ignored: Set<string>,
): InputContent[] {
  if (typeof value === "string") return [{ type: "input_text", text: value }];
  return listOf(value, param).map((part, index) =>
    readInputPart(part, `${param}[${index}]`, ignored),
  );
}

function readInputPart(part: unknown, param: string, ignored: Set<string>): InputContent {
  const type = isObject(part) ? part["type"] : undefined;
  switch (type) {
    case "input_text":
    // What a model said, told by somebody else; and how chat completions call it.
    case "output_text":
    case "text":
      return { type: "input_text", text: parse(textPart, part, param, ignored).text };
    case "input_image":
      return readImage(part, param, ignored);
    case "input_file":
      return readFile(part, param, ignored);
    default:
      throw invalid(`${param}.type`, "expected input_text, input_image or input_file.");
  }
}

function readImage(part: unknown, param: string, ignored: Set<string>): InputContent {
  const { image_url, file_id, detail } = parse(imagePart, part, param, ignored);
  if (file_id)
    throw unsupported(`${param}.file_id`, "no files are kept here; send the image as a data: URL.");
  if (!image_url) throw invalid(`${param}.image_url`, "a data: or https: URL is needed.");
  return { type: "input_image", image_url, detail: detail ?? "auto" };
}

function readFile(part: unknown, param: string, ignored: Set<string>): InputContent {
  const { filename, file_data, file_id, file_url } = parse(filePart, part, param, ignored);
  if (file_id)
    throw unsupported(`${param}.file_id`, "no files are kept here; send its text as file_data.");
  if (file_url)
    throw unsupported(`${param}.file_url`, "files are not fetched; send its text as file_data.");
  if (!file_data) throw invalid(`${param}.file_data`, "a data: URL or base64 is needed.");
  if (textOfFile(file_data) === undefined)
    throw unsupported(`${param}.file_data`, "only files of text in UTF-8 can be read here.");
  return { type: "input_file", file_data, ...(filename ? { filename } : {}) };
}

const saidPart = z.object({
  type: z.string(),
  text,
  annotations: z.unknown().optional(),
  logprobs: z.unknown().optional(),
  parsed: z.unknown().optional(),
});
const refusalPart = z.object({ type: z.string(), refusal: text });

/** What a model said before. @throws TroopError */
export function readOutputContent(
  value: unknown,
  param: string,
  ignored: Set<string>,
): OutputContent[] {
  const said = (words: string): OutputContent => ({
    type: "output_text",
    text: words,
    annotations: [],
  });
  if (typeof value === "string") return [said(value)];
  return listOf(value, param).map((part, index) => {
    const where = `${param}[${index}]`;
    const type = isObject(part) ? part["type"] : undefined;
    switch (type) {
      case "output_text":
      case "input_text":
      case "text":
        return said(parse(saidPart, part, where, ignored).text);
      case "refusal": {
        const { refusal } = parse(refusalPart, part, where, ignored);
        return { type: "refusal", refusal };
      }
      default:
        throw invalid(`${where}.type`, "expected output_text or refusal.");
    }
  });
}

const partsMost = 256;

function listOf(value: unknown, param: string): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(param, "expected a string or a list of parts.");
  if (value.length > partsMost) throw invalid(param, `at most ${partsMost} parts.`);
  return value;
}
