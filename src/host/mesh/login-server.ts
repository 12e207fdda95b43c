/** The control server of a mesh: Headscale's URL, or Tailscale's own. */
import { TroopError } from "../../protocol/error-codes.ts";
import { limits } from "../../protocol/limits.ts";
import { coordinatorKind } from "../coordinator-url.ts";

/**
 * Returns the URL without a trailing slash. http is for this machine and private networks: elsewhere the keys that
 * machines trust one another by could be swapped on the way.
 * @throws TroopError `usage`
 */
export function readLoginServer(text: string): string {
  const refuse = (reason: string) =>
    new TroopError("usage", `--login-server ${reason}.`, {
      details: { run: "troop mesh join --help" },
    });
  const url = URL.parse(text);
  if (!url || !["http:", "https:"].includes(url.protocol) || text.length > limits.urlCharacters)
    throw refuse("must look like https://headscale.example");
  if (url.username || url.password || url.search || url.hash)
    throw refuse("must not hold a name, password, query or fragment");
  if (url.protocol === "http:" && coordinatorKind(url.href) === "public")
    throw refuse("must begin with https:// unless it is on this machine or a private network");
  return plain(url);
}

/** Whether two texts name one server. */
export function isSameServer(left: string, right: string): boolean {
  const [one, other] = [URL.parse(left), URL.parse(right)];
  return one !== null && other !== null && plain(one) === plain(other);
}

const plain = (url: URL): string => url.href.replace(/\/+$/, "");
