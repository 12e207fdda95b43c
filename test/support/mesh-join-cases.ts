/** Why a machine is not let into a mesh, and what `troop mesh join` says then. */
import { loginServer, prefsText, refusals, statusTexts } from "../../src/host/mesh/tailscale.fixture.ts"; // prettier-ignore
import type { ExpectedFailure } from "./failure.ts";
import type { Told } from "./fake-tailscale.ts";

/** What is at hand; unless said otherwise no `tailscale`, and a file with a key. */
export interface JoinCase {
  /** Of the fake `tailscale`, by its first word. */
  answers?: Record<string, Told>;
  words?: string[];
  /** Of the key's file. */
  mode?: number;
  text?: string;
}

export const key = "hskey-auth-0123456789ab-a-very-secret-thing";
export const fresh = { status: { stdout: statusTexts.loggedOut } };
export const member = { status: { stdout: statusTexts.running }, debug: { stdout: prefsText() } };

const refusedUp = (stderr: string): JoinCase => ({
  answers: { ...fresh, up: { stderr, code: 1 } },
});
const otherServer = "https://controlplane.tailscale.com";
const isHelp = /^troop mesh join --help$/;
const isLeave = /^sudo tailscale logout/;

type Row = [where: string, given: JoinCase, code: string, says: RegExp, run: RegExp];
const rows: Row[] = [
  ["Tailscale is not installed", {}, "mesh_unavailable", /not installed/, /installs the package tailscale/],
  ["its daemon does not run", { answers: { status: { stderr: refusals.noDaemon, code: 1 } } }, "mesh_unavailable", /doesn't appear to be running/, /start|enable --now/],
  ["the machine is in another mesh", { answers: { ...member, debug: { stdout: prefsText(otherServer) } } }, "mesh_joined_elsewhere", /mesh of https:\/\/controlplane\.tailscale\.com/, isLeave],
  ["nobody says which mesh it is in", { answers: { status: { stdout: statusTexts.stopped }, debug: { code: 1 } } }, "mesh_joined_elsewhere", /another mesh/, isLeave],
  ["tailscale sees another mesh first", refusedUp(refusals.otherServer), "mesh_joined_elsewhere", /another mesh/, isLeave],
  ["only root may do it", refusedUp(refusals.denied), "mesh_join_failed", /checkprefs access denied/, /^sudo tailscale up --login-server=/],
  ["it has settings of its own", refusedUp(refusals.settings), "mesh_join_failed", /changing settings/, /^tailscale up .*--reset/],
  ["nobody lets it in", refusedUp(refusals.timeout), "mesh_join_failed", /timeout waiting/, /^tailscale status$/],
  ["tailscale prints the key", refusedUp(`backend error: invalid key "${key}"\n`), "mesh_join_failed", /invalid key "<key>"/, /^tailscale status$/],
  ["others may read the key's file", { mode: 0o640 }, "key_file_invalid", /can be read by others/, /^chmod 600 \/.*mesh\.key$/],
  ["the key's file is empty", { text: "\n" }, "key_file_invalid", /one key and nothing else/, /^wc /],
  ["the key's file holds more than a key", { text: `${key} ${key}` }, "key_file_invalid", /one key and nothing else/, /^wc /],
  ["the name is none", { words: ["--hostname", "gpu box"] }, "usage", /letters, digits and dashes/, isHelp],
  ["the server is spoken to in the clear", { words: ["--login-server", loginServer.replace("s:", ":")] }, "usage", /must begin with https/, isHelp],
  ["the key is given and not its file", { words: ["--auth-key-file", key] }, "usage", /revoke it/, isHelp],
]; // prettier-ignore

export const joinCases: { where: string; given: JoinCase; expected: ExpectedFailure }[] = rows.map(
  ([where, given, code, says, run]) => ({
    where,
    given,
    expected: { code, exit: code === "usage" ? 2 : 1, says, run },
  }),
);
