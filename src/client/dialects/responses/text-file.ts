/** A file that an application attached, as text: a chat has no other place for it. Pure. */

/** What stands before the data is short; a pattern that repeats a group over megabytes runs out of stack. */
const dataUrl = /^data:([^,;]{0,256})((?:;[^,;]{0,256}){0,16}),/;
const textTypes =
  /^(?:text\/.*|application\/(?:.*[+/-])?(?:json|xml|yaml|toml|javascript|typescript|sql|x-sh))$/;

/**
 * @param fileData a data: URL, or bare base64
 * @returns its text; undefined where it is none in UTF-8
 */
export function textOfFile(fileData: string): string | undefined {
  const [start, type = "", parameters = ""] = dataUrl.exec(fileData) ?? [];
  const data = fileData.slice(start?.length ?? 0);
  // Without a type of its own a file is whatever its bytes turn out to be.
  if (type !== "" && type !== "application/octet-stream" && !textTypes.test(type)) return undefined;
  const isBase64 = start === undefined || parameters.split(";").includes("base64");
  try {
    const text = isBase64 ? decode(data) : decodeURIComponent(data);
    return text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}

function decode(base64: string): string {
  if (/[^A-Za-z0-9+/=\s]/.test(base64)) throw new Error("not base64");
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(base64, "base64"));
}
