/** What to type where Tailscale is not installed or does not run, by operating system. Pure. */

export interface Platform {
  os: NodeJS.Platform;
  /** Text of /etc/os-release; empty elsewhere. */
  osRelease: string;
}

/** Distributions that package it themselves; Tailscale's own script knows the others, and adds its package source. */
const packagedBy: Record<string, string> = {
  alpine: "sudo apk add tailscale",
  arch: "sudo pacman -S tailscale",
  fedora: "sudo dnf install tailscale",
};

/** Installs the package `tailscale`. */
export function installCommand({ os, osRelease }: Platform): string {
  if (os === "darwin") return "brew install tailscale";
  if (os === "win32") return "winget install tailscale.tailscale";
  const named = /^ID=["']?([a-z0-9._-]+)/m.exec(osRelease)?.[1] ?? "";
  return packagedBy[named] ?? "curl -fsSL https://tailscale.com/install.sh | sh";
}

/** Starts `tailscaled`, now and at every boot. */
export function startCommand({ os, osRelease }: Platform): string {
  if (os === "darwin") return "sudo brew services start tailscale";
  if (os === "win32") return "sc.exe start Tailscale";
  return /^ID=["']?alpine/m.test(osRelease)
    ? "sudo rc-update add tailscale && sudo rc-service tailscale start"
    : "sudo systemctl enable --now tailscaled";
}
