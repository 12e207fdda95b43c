/** Images as Ollama's API has them, bare base64 whose first bytes tell what they are, as `data:` URLs. Pure. */
import { TroopError } from "../../../protocol/error-codes.ts";
import { rasterTypeOf } from "../../images/raster.ts";

/** 24 characters are 18 bytes: more than any kind is told by. */
const startCharacters = 24;

/** @param param where it stands in the request. @throws TroopError `invalid_value` */
export function imageUrlOf(data: string, param: string): string {
  if (data.startsWith("data:")) return data;
  const type = rasterTypeOf(Buffer.from(data.slice(0, startCharacters), "base64"));
  if (type === undefined)
    throw new TroopError(
      "invalid_value",
      `\`${param}\`: no PNG, JPEG, GIF, WebP or BMP image in base64.`,
      { param },
    );
  return `data:${type};base64,${data}`;
}
