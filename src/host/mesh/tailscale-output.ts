/** What Tailscale's programs print, read strictly: what is not as documented counts as not said. Pure. */
import { isIPv4 } from "node:net";
import { z } from "zod";
import { addressKind } from "../address-kind.ts";

/** What tailscaled says of itself, over its socket or by `tailscale status --json`. */
export interface TailscaleStatus {
  state: z.infer<typeof backendState>;
  /** It has joined a mesh, whether or not it is up now. */
  isMember: boolean;
  /** Of this machine, in the mesh. */
  addresses: string[];
  /** Of this machine: its name in the mesh's DNS, else its own. */
  name?: string;
}

const backendState = z.enum([
  "NoState",
  "NeedsLogin",
  "NeedsMachineAuth",
  "Stopped",
  "Starting",
  "Running",
]);
/** States that only a member of a mesh is in; old versions do not say `HaveNodeKey`. */
const memberStates: readonly string[] = ["NeedsMachineAuth", "Stopped", "Starting", "Running"];

const statusShape = z.object({
  BackendState: backendState,
  HaveNodeKey: z.boolean().optional(),
  TailscaleIPs: z.array(z.string()).max(16).nullish(),
  Self: z.object({ HostName: z.string().optional(), DNSName: z.string().optional() }).nullish(),
});
const prefsShape = z.object({ ControlURL: z.string().min(1).max(2_048) });

const isMesh = (address: string): boolean => addressKind(address) === "mesh";

/** Of `tailscale ip -4`: one address a line and nothing else, all of the mesh. Empty where it says anything else. */
export function addressesIn(printed: string): string[] {
  const lines = printed.trimEnd().split(/\r?\n/);
  const areAll = lines.every((line) => isIPv4(line) && isMesh(line));
  return areAll && lines.length <= 16 ? lines : [];
}

/** Undefined for anything but a status. */
export function statusIn(text: string): TailscaleStatus | undefined {
  const read = statusShape.safeParse(parsed(text));
  if (!read.success) return undefined;
  const {
    BackendState: state,
    HaveNodeKey: hasKey,
    TailscaleIPs: addresses,
    Self: self,
  } = read.data;
  const name = [self?.DNSName?.replace(/\.$/, ""), self?.HostName].find(isName);
  return {
    state,
    isMember: hasKey === true || memberStates.includes(state),
    addresses: (addresses ?? []).filter(isMesh),
    ...(name ? { name } : {}),
  };
}

/** The control server that `tailscale debug prefs` names. Undefined for anything else. */
export function loginServerIn(text: string): string | undefined {
  const read = prefsShape.safeParse(parsed(text));
  return read.success ? read.data.ControlURL : undefined;
}

/** Names come from other people's machines and go to a terminal. */
const isName = (text: string | undefined): boolean =>
  text !== undefined && /^[\w-][\w.-]{0,252}$/.test(text);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
