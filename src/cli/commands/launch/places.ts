/** Where other programs keep their settings, as far as variables of theirs say. */
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../../host/env.ts";

export interface Places {
  home: string;
  /** `XDG_CONFIG_HOME` */
  config: string;
  claude: string;
  codex: string;
  qwen: string;
  pi: string;
  exists(path: string): boolean;
}

export function readPlaces(environment: Environment): Places {
  const home = environment.HOME || homedir();
  return {
    home,
    config: environment.XDG_CONFIG_HOME || join(home, ".config"),
    claude: environment.CLAUDE_CONFIG_DIR || join(home, ".claude"),
    codex: environment.CODEX_HOME || join(home, ".codex"),
    qwen: environment.QWEN_HOME || join(home, ".qwen"),
    pi: environment.PI_CODING_AGENT_DIR || join(home, ".pi", "agent"),
    exists: existsSync,
  };
}
