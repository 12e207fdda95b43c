/** Every program that `troop launch` knows. */
import type { Tool } from "./tool.ts";
import { aider } from "./tools/aider.ts";
import { claude } from "./tools/claude.ts";
import { codex } from "./tools/codex.ts";
import { continueDev } from "./tools/continue.ts";
import { opencode } from "./tools/opencode.ts";
import { pi } from "./tools/pi.ts";
import { qwen } from "./tools/qwen.ts";
import { zed } from "./tools/zed.ts";

export const tools = {
  claude,
  codex,
  opencode,
  qwen,
  pi,
  continue: continueDev,
  zed,
  aider,
} as const satisfies Record<string, Tool>;
export type ToolName = keyof typeof tools;
export const toolNames = Object.keys(tools) as ToolName[];
