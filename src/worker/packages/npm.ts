/** Runs `npm ci` in a folder, whatever npm is at hand and whatever the environment tells it. */
import { spawn } from "node:child_process";
import { access, realpath } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";

/** Output kept for the error's cause; npm's last lines name the reason. */
const outputCharacters = 4_096;

/** Settings about how to reach a registry; all others (omit, global, dry-run, ignore-scripts…) would change what is installed. */
const networkSettings =
  /^npm_config_(registry|proxy|https?_proxy|noproxy|no_proxy|ca|cafile|cert|key|strict_ssl|cache|userconfig|globalconfig|offline|prefer_offline|fetch_.*|maxsockets|local_address|\/\/.*|@.*:registry)$/i;

/** `npm start` hands its own settings down by environment; this keeps those that a nested npm must not lose. */
export function npmEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !/^npm_/i.test(name) || networkSettings.test(name),
  );
  return Object.fromEntries(kept);
}

const isFile = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Command and first arguments that start npm, or undefined where there is none. */
export async function findNpm(env: NodeJS.ProcessEnv): Promise<string[] | undefined> {
  // The npm that started us, run by our own Node: the best match there is.
  const started = env["npm_execpath"];
  if (started !== undefined && basename(started) === "npm-cli.js" && (await isFile(started)))
    return [process.execPath, started];
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter(Boolean)) {
    if (await isFile(join(folder, "npm"))) return [join(folder, "npm")];
  }
  const nodeFolder = dirname(await realpath(process.execPath));
  const bundled = join(nodeFolder, "..", "lib", "node_modules", "npm", "bin", "npm-cli.js");
  return (await isFile(bundled)) ? [process.execPath, bundled] : undefined;
}

export interface NpmOutcome {
  succeeded: boolean;
  /** The end of what npm printed. */
  output: string;
}

/** Nothing but what the lock names, and nothing of the user's settings that would change it. */
const installFlags = [
  "--omit=optional",
  "--include=prod",
  "--ignore-scripts",
  "--no-bin-links",
  "--no-audit",
  "--no-fund",
  "--no-global",
  "--no-dry-run",
  "--no-package-lock-only",
  "--prefer-offline",
];
const commonFlags = ["--no-progress", "--no-update-notifier", "--loglevel=error"];
/** npm's own waits between attempts add up to minutes, over a hundred packages. */
const patience = [
  "--fetch-retries=2",
  "--fetch-retry-mintimeout=500",
  "--fetch-retry-maxtimeout=3000",
];

interface NpmCall {
  /** From `findNpm`. */
  npm: string[];
  folder: string;
  env: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

/** Resolves also when npm fails; rejects only when it cannot be started or `signal` aborts. */
function run({ npm, folder, env, signal }: NpmCall, flags: string[]): Promise<NpmOutcome> {
  const [command, ...first] = npm;
  const child = spawn(command!, [...first, ...flags, ...commonFlags], {
    cwd: folder,
    env: npmEnvironment(env),
    stdio: ["ignore", "pipe", "pipe"],
    signal,
  });
  let output = "";
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString("utf8")).slice(-outputCharacters);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ succeeded: code === 0, output: output.trim() }));
  });
}

/** Asks the registry for one small document, so that being offline shows in a second and not after each package. */
export const npmReaches = (call: NpmCall, name: string, version: string): Promise<NpmOutcome> =>
  run(call, ["view", `${name}@${version}`, "version", "--fetch-retries=1", patience[1]!]);

/** Installs what the lock in the folder names. Scripts never run and optional packages never come. */
export const npmCi = (call: NpmCall): Promise<NpmOutcome> =>
  run(call, ["ci", ...installFlags, ...patience]);
