/**
 * The systemd unit of a role: started again when it fails, given time to drain, and shut in as far as its work allows.
 * `systemd-analyze verify` passes on each, `systemd-analyze security --offline=true --threshold=30` on each that has
 * namespaces.
 */
import { limits } from "../../protocol/limits.ts";
import type { ServiceRole, ServiceSpec } from "./service.ts";
import { unitLine, unitPath, unitVariable, unitWord } from "./systemd-words.ts";

/** What runs is finished, then receipts and a farewell are sent, and an engine of ours ends. */
const stopSeconds = limits.drainMs / 1_000 + 30;

/** The first to know how to wait longer each time: NEWS of systemd 254, `RestartSteps=`. */
const backOffVersion = 254;

const descriptions: Readonly<Record<ServiceRole, string>> = {
  worker: "Monkey Troop: lends this machine's inference engine",
  coordinator: "Monkey Troop: coordinator",
  up: "Monkey Troop: local API",
};

export function systemdUnit(spec: ServiceSpec): string {
  const sections = {
    Unit: [
      `Description=${descriptions[spec.role]}`,
      // A user's own manager knows no network target.
      ...(spec.scope === "system" ? ["Wants=network-online.target"] : []),
      ...(spec.scope === "system" ? ["After=network-online.target"] : []),
      // A coordinator may be away for hours; giving up is not for us.
      "StartLimitIntervalSec=0",
    ],
    Service: [...running(spec), ...identity(spec), ...seclusion(spec)],
    Install: [`WantedBy=${spec.scope === "system" ? "multi-user.target" : "default.target"}`],
  };
  return `${Object.entries(sections)
    .map(([name, lines]) => [`[${name}]`, ...lines].join("\n"))
    .join("\n\n")}\n`;
}

function running({ role, program, words, paths, systemdVersion = 0 }: ServiceSpec): string[] {
  const hasBackOff = systemdVersion >= backOffVersion;
  return [
    "Type=exec",
    `ExecStart=${[...program, role, ...words].map(unitWord).join(" ")}`,
    `EnvironmentFile=${unitLine(paths.environment!)}`,
    // GPUs' tools lie there too.
    "Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/rocm/bin:/usr/lib/wsl/lib",
    "Restart=on-failure",
    ...(hasBackOff
      ? ["RestartSec=5", "RestartSteps=8", "RestartMaxDelaySec=300"]
      : ["RestartSec=15"]),
    // A setting that is wrong is not put right by trying again.
    "RestartPreventExitStatus=2",
    // Stopped before it had begun.
    "SuccessExitStatus=130",
    // Only the role is told, and what it started lives until the role has drained.
    "KillMode=mixed",
    "KillSignal=SIGTERM",
    `TimeoutStopSec=${stopSeconds}`,
    "TimeoutStartSec=infinity",
  ];
}

/** Who it runs as, and where it may write. */
function identity(spec: ServiceSpec): string[] {
  const { role, scope, dataFolder, cacheFolder, groups } = spec;
  if (scope === "user")
    return [
      unitVariableLine("DATA_DIR", dataFolder),
      unitVariableLine("XDG_CACHE_HOME", cacheFolder.replace(/\/monkey-troop$/, "")),
      ...(spec.hasNamespaces
        ? [`ReadWritePaths=${[dataFolder, cacheFolder].map(unitPath).join(" ")}`]
        : []),
    ];
  return [
    // A user who exists while a service of ours runs; the name lets all of them share one account.
    "DynamicUser=yes",
    "User=monkey-troop",
    ...(role === "worker" && groups.length > 0 ? [`SupplementaryGroups=${groups.join(" ")}`] : []),
    "StateDirectory=monkey-troop",
    "StateDirectoryMode=0700",
    "CacheDirectory=monkey-troop",
    "CacheDirectoryMode=0700",
    unitVariableLine("DATA_DIR", dataFolder),
    unitVariableLine("XDG_CACHE_HOME", cacheFolder.replace(/\/monkey-troop$/, "")),
    // Read by the manager, and shown to the service alone.
    ...Object.entries(spec.secretFiles).flatMap(([name, file]) => [
      `LoadCredential=${name}:${unitLine(file)}`,
      `Environment=${name}_FILE=%d/${name}`,
    ]),
  ];
}

const unitVariableLine = (name: string, value: string) =>
  `Environment=${unitVariable(name, value)}`;

/** Devices of GPUs, by their drivers' names in /proc/devices. */
const gpuDevices = ["char-nvidia*", "char-drm", "char-kfd", "char-dxg"];

/**
 * Not here, on purpose: MemoryDenyWriteExecute (V8 writes the code it runs), ProcSubset=pid (memory and load are read
 * from /proc), IPAddressDeny (engines, coordinator and peers may be anywhere).
 */
function seclusion(spec: ServiceSpec): string[] {
  return [
    ...filters(spec),
    ...(spec.hasNamespaces ? namespaces(spec) : []),
    // The machine is its owner's first.
    ...(spec.role === "worker" ? ["CPUWeight=20", "IOWeight=20"] : []),
  ];
}

/** What every process may ask for itself. */
const filters = ({ role }: ServiceSpec): string[] => [
  "NoNewPrivileges=yes",
  "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK",
  "RestrictNamespaces=yes",
  "RestrictRealtime=yes",
  "RestrictSUIDSGID=yes",
  "LockPersonality=yes",
  "SystemCallArchitectures=native",
  "SystemCallFilter=@system-service",
  // Memory is placed and threads are pinned by CUDA and llama.cpp: @resources stays open to the worker.
  `SystemCallFilter=~@privileged${role === "worker" ? "" : " @resources"}`,
  "SystemCallErrorNumber=EPERM",
  "KeyringMode=private",
  "UMask=0077",
];

/** What needs namespaces: the system's manager makes them, a user's own only where the kernel lets everybody. */
const namespaces = ({ role, scope }: ServiceSpec): string[] => [
  "CapabilityBoundingSet=",
  "AmbientCapabilities=",
  "ProtectSystem=strict",
  // A user's models and Node may lie in their home.
  `ProtectHome=${scope === "system" ? "yes" : "read-only"}`,
  "PrivateTmp=yes",
  "ProtectClock=yes",
  "ProtectControlGroups=yes",
  "ProtectHostname=yes",
  "ProtectKernelLogs=yes",
  "ProtectKernelModules=yes",
  "ProtectKernelTunables=yes",
  "RemoveIPC=yes",
  // In a user's manager (252) half of these end with 218, "capabilities", unless they come in a user namespace.
  ...(scope === "user" || role !== "worker" ? ["PrivateUsers=yes"] : []),
  // A worker looks at its GPU, and at what else uses it.
  ...(role === "worker"
    ? ["DevicePolicy=closed", ...gpuDevices.map((device) => `DeviceAllow=${device} rw`)]
    : ["PrivateDevices=yes", "ProtectProc=invisible"]),
];
