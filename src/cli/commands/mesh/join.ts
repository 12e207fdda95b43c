/** `troop mesh join`: puts this machine into a Tailscale or Headscale mesh. */
import { readFileSync } from "node:fs";
import { readAuthKeyFile } from "../../../host/mesh/auth-key-file.ts";
import { joinMesh, type JoinRequest, upCommand } from "../../../host/mesh/join-mesh.ts";
import { readLoginServer } from "../../../host/mesh/login-server.ts";
import { detectMesh, meshSources } from "../../../host/mesh/mesh.ts";
import type { Platform } from "../../../host/mesh/tailscale-advice.ts";
import { TroopError } from "../../../protocol/error-codes.ts";
import type { CommandContext } from "../../context.ts";
import { meshText } from "../../mesh-text.ts";

export interface MeshJoinFlags {
  loginServer: string;
  authKeyFile: string;
  hostname?: string;
  dryRun?: boolean;
}

export async function meshJoin(context: CommandContext, flags: MeshJoinFlags): Promise<void> {
  const { output, environment, clock, shutdown: signal } = context;
  const request: JoinRequest = {
    loginServer: readLoginServer(flags.loginServer),
    keyFile: readAuthKeyFile(flags.authKeyFile),
    hostname: readHostname(flags.hostname),
  };
  if (flags.dryRun) {
    output.say(upCommand(request));
    return output.json({ dry_run: true, command: upCommand(request) });
  }
  const sources = meshSources(environment, clock);
  const { tailscale } = sources;
  const how = await joinMesh(request, { tailscale, platform: thisPlatform(), signal });
  const mesh = await detectMesh(sources);
  const isNew = how === "joined";
  output.say(`${isNew ? "Joined" : "Joined before"}. ${meshText(mesh)}`);
  output.json({ joined: true, already: !isNew, login_server: request.loginServer, mesh });
}

/** @throws TroopError `usage` */
function readHostname(text: string | undefined): string | undefined {
  if (text === undefined || /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i.test(text)) return text;
  throw new TroopError("usage", "--hostname takes letters, digits and dashes, 63 at most.", {
    details: { run: "troop mesh join --help" },
  });
}

function thisPlatform(): Platform {
  try {
    return { os: process.platform, osRelease: readFileSync("/etc/os-release", "utf8") };
  } catch {
    return { os: process.platform, osRelease: "" };
  }
}
