/** Failures as Ollama's API has them: a plain string, since its clients print whatever stands there. */
import type { TroopError } from "../../../protocol/error-codes.ts";

export const ollamaError = (error: TroopError): object => ({ error: error.message });
