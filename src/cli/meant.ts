/** What somebody probably meant who typed something else: words of other programs, and addresses without a scheme. */
import { coordinatorKind } from "../host/coordinator-url.ts";

/** As Ollama, npm, systemctl and others have them. */
const usualWords: ReadonlyMap<string, string> = new Map([
  ["run", "chat"],
  ["ask", "chat"],
  ["list", "models"],
  ["ls", "models"],
  ["ps", "status"],
  ["top", "status"],
  ["serve", "up"],
  ["start", "up"],
  ["lend", "worker"],
  ["stop", "down"],
  ["login", "account show"],
  ["whoami", "account show"],
  ["version", "--version"],
  ["-v", "--version"],
]);

/** Of ours, what does the same. */
export const meantCommand = (word: string): string | undefined => usualWords.get(word);

/** `localhost:8000` with `http://`, `coordinator.example` with `https://`; undefined where that would not mend it. */
export function meantUrl(text: string): string | undefined {
  const [, bare] = /^(?:http:\/\/)?([^/:?#@\s]+(?::\d+)?(?:\/[^?#]*)?)$/.exec(text) ?? [];
  if (bare === undefined || !URL.canParse(`http://${bare}`)) return undefined;
  if (coordinatorKind(`http://${bare}`) !== "public") return `http://${bare}`;
  return bare.includes(".") ? `https://${bare}` : undefined;
}
