#!/usr/bin/env node
/**
 * Starts `troop` with a Node that can run it: this one, or the one this package brings along for older machines.
 * The file itself must parse on Node 12, or the person with an old Node would see a syntax error instead of the reason.
 */
import { spawn } from "child_process";
import { existsSync } from "fs";
import { createRequire } from "module";
import { constants } from "os";
import { dirname, join } from "path";
import { fileURLToPath } from "url";

// node:sqlite without a flag, and .ts files without a build step.
const oldestMajor = 22;
const oldestMinor = 18;

const here = dirname(fileURLToPath(import.meta.url));

if (isNewEnough(process.versions.node)) startHere();
else startWith(bundledNode());

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  // Types are stripped without a flag since 22.18 and 23.6.
  if (major === 23) return minor >= 6;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
}

function startHere() {
  // A checkout has sources and needs no build, which could be out of date; the published package has a build only.
  const source = join(here, "..", "src", "main.ts");
  const entry = existsSync(source) ? "../src/main.ts" : "../dist/src/main.js";
  import(entry).catch((error) => {
    console.error(error);
    process.exitCode = 1;
  });
}

/** Path of the Node in this package's dependencies, wherever npm put it, or undefined. */
function bundledNode() {
  const name = "node-" + process.platform + "-" + process.arch;
  try {
    const manifest = createRequire(import.meta.url).resolve(name + "/package.json");
    const node = join(dirname(manifest), "bin", "node");
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}

function startWith(node) {
  if (node === undefined) {
    const needed = oldestMajor + "." + oldestMinor;
    console.error(
      "troop needs Node " +
        needed +
        " or newer, this is " +
        process.versions.node +
        ", and none came " +
        "with the package. Install Node 24: https://nodejs.org/en/download",
    );
    process.exitCode = 1;
    return;
  }
  const script = fileURLToPath(import.meta.url);
  const child = spawn(node, [script].concat(process.argv.slice(2)), { stdio: "inherit" });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2", "SIGCONT"];
  signals.forEach((signal) => {
    process.on(signal, () => {
      // A terminal's Ctrl-C reaches the child by itself; told twice, it would stop without cleaning up.
      if (signal === "SIGINT" && hasTerminal()) return;
      child.kill(signal);
    });
  });
  child.on("error", (error) => {
    console.error("troop cannot start " + node + ": " + error.message);
    process.exitCode = 1;
  });
  child.on("exit", (code, signal) => {
    // As a shell reports it, for whoever started us.
    process.exit(signal === null ? code : 128 + constants.signals[signal]);
  });
}

function hasTerminal() {
  return Boolean(process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY);
}
