/**
 * What Tailscale's programs print, made from their source; none of it was recorded from a real one. The sources, in
 * tailscale/tailscale on GitHub:
 * - the status: `type Status` and `type PeerStatus` of ipn/ipnstate/ipnstate.go at ff02a45b96f3
 * - `tailscale ip`: cmd/tailscale/cli/ip.go at 1beb14580401
 * - `tailscale up` and its refusals: cmd/tailscale/cli/up.go at 0002b41154ac
 * - the sentences about a missing daemon and about permission: issues 16419 (June 2025) and 18294 (1.92.3)
 */

const self = {
  ID: "1",
  PublicKey: "nodekey:0000000000000000000000000000000000000000000000000000000000000000",
  HostName: "gpu-box",
  DNSName: "gpu-box.club.example.",
  OS: "linux",
  UserID: 1,
  TailscaleIPs: ["100.64.0.9", "fd7a:115c:a1e0::9"],
  Tags: ["tag:troop-worker"],
  Addrs: null,
  CurAddr: "",
  Relay: "",
  Online: true,
  Active: false,
};

const running = {
  Version: "1.92.3",
  TUN: true,
  BackendState: "Running",
  HaveNodeKey: true,
  AuthURL: "",
  TailscaleIPs: ["100.64.0.9", "fd7a:115c:a1e0::9"],
  Self: self,
  Health: null,
  MagicDNSSuffix: "club.example",
  CurrentTailnet: { Name: "club", MagicDNSSuffix: "club.example", MagicDNSEnabled: true },
  CertDomains: null,
  Peer: null,
  User: null,
  ClientVersion: null,
};

/** As installed: nobody has logged in. */
const loggedOut = {
  ...{ Version: "1.92.3", TUN: true, BackendState: "NeedsLogin", AuthURL: "" },
  ...{ TailscaleIPs: null, Health: ["You are logged out."], MagicDNSSuffix: "" },
  ...{ Self: { HostName: "gpu-box", DNSName: "", OS: "linux", UserID: 0, TailscaleIPs: null } },
};

export const statusTexts = {
  running: JSON.stringify(running, null, 2),
  stopped: JSON.stringify({ ...running, BackendState: "Stopped" }),
  waiting: JSON.stringify({ ...running, BackendState: "NeedsMachineAuth", TailscaleIPs: null }),
  loggedOut: JSON.stringify(loggedOut),
};

export const loginServer = "https://headscale.example";

/** `tailscale debug prefs`, shortened: fields of `ipn.Prefs`. */
export const prefsText = (server = loginServer): string =>
  JSON.stringify({ ControlURL: server, RouteAll: false, WantRunning: true, LoggedOut: false });

export const ipText = "100.64.0.9\n";

export const refusals = {
  noAddress: "no current Tailscale IPs; state: NeedsLogin\n",
  noDaemon:
    "failed to connect to local tailscaled; it doesn't appear to be running (sudo systemctl start tailscaled ?)\n",
  denied:
    "Access denied: checkprefs access denied\n\nUse 'sudo tailscale up'.\nTo not require root, use 'sudo tailscale set --operator=$USER' once.\n",
  otherServer: "can't change --login-server without --force-reauth\n",
  settings:
    "Error: changing settings via 'tailscale up' requires mentioning all\nnon-default flags. To proceed, either re-run your command with --reset or\nuse the command below\n",
  timeout:
    'timeout waiting for Tailscale service to enter a Running state; check health with "tailscale status"\n',
};
