/**
 * The property list of a role for a user's launchd (launchd.plist(5)). It holds the settings too, since launchd reads no file of
 * them, and is therefore for its owner's eyes only. Not tried on a real Mac.
 */
import { limits } from "../../protocol/limits.ts";
import type { ServiceSpec } from "./service.ts";

const stopSeconds = limits.drainMs / 1_000 + 30;

type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

export function launchdPlist(spec: ServiceSpec): string {
  const { role, paths, program, words, settings, secretFiles } = spec;
  const value: Value = {
    Label: paths.name,
    ProgramArguments: [...program, role, ...words],
    EnvironmentVariables: {
      // GPUs' tools and Homebrew lie there.
      PATH: "/usr/local/bin:/opt/homebrew/bin:/usr/bin:/bin:/usr/sbin:/sbin",
      ...settings,
      ...Object.fromEntries(
        Object.entries(secretFiles).map(([name, file]) => [`${name}_FILE`, file]),
      ),
      DATA_DIR: spec.dataFolder,
      XDG_CACHE_HOME: spec.cacheFolder.replace(/\/monkey-troop$/, ""),
    },
    RunAtLoad: true,
    // Again after a failure, and not after an end that was asked for.
    KeepAlive: { SuccessfulExit: false },
    // launchd has no back-off of its own beyond this.
    ThrottleInterval: 15,
    ExitTimeOut: stopSeconds,
    Umask: 0o077,
    // The role writes a log of its own, which ends somewhere.
    StandardOutPath: "/dev/null",
    StandardErrorPath: "/dev/null",
  };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">',
    '<plist version="1.0">',
    ...elements(value),
    "</plist>",
    "",
  ].join("\n");
}

function elements(value: Value, indent = ""): string[] {
  if (typeof value === "string") return [`${indent}<string>${escaped(value)}</string>`];
  if (typeof value === "number") return [`${indent}<integer>${value}</integer>`];
  if (typeof value === "boolean") return [`${indent}<${value}/>`];
  const deeper = `${indent}  `;
  if (isList(value))
    return [
      `${indent}<array>`,
      ...value.flatMap((item) => elements(item, deeper)),
      `${indent}</array>`,
    ];
  return [
    `${indent}<dict>`,
    ...Object.entries(value).flatMap(([key, item]) => [
      `${deeper}<key>${escaped(key)}</key>`,
      ...elements(item, deeper),
    ]),
    `${indent}</dict>`,
  ];
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
