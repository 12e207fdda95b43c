/**
 * Where operators are listened to: a port on this machine, with name and password, and a socket in the data folder
 * that only the coordinator's own user can open, without.
 */
import type { FastifyInstance } from "fastify";
import { chmodSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import type { Server } from "node:tls";
import {
  type CertificateFiles,
  readCertificate,
  renewCertificate,
} from "../../host/certificate.ts";
import { listenFailure, type ListenAddress, urlOf } from "../../host/listen.ts";
import type { Metrics } from "../../host/observe/metrics.ts";
import { roleSocketPath } from "../../host/role-socket.ts";
import {
  type Administration,
  type AdministrationParts,
  createAdministration,
} from "../admin/administration.ts";
import { type AuditLog, auditFolder } from "../audit/audit-log.ts";
import { createAuditReading } from "../audit/reading.ts";
import { registerAdmin } from "../http/admin-guard.ts";
import { type LimitedOptions, limitCalls } from "../http/limited.ts";
import { createServer, type ServerParts } from "../http/server.ts";
import { limitTime } from "../http/time-limits.ts";
import type { OperatorDesk } from "./desk.ts";
import { createLogin, type Login } from "./login.ts";
import { metricsRoute } from "./metrics-route.ts";
import { forgetPassword, loadPassword } from "./password.ts";

export interface OperatorConfig {
  /** Whose port is taken, and who chose none, does without. */
  listen: ListenAddress;
  isChosen: boolean;
  user: string;
  /** Undefined: one is made. */
  password: string | undefined;
  /** What its port is called from elsewhere; undefined: by no name but this machine's. */
  url?: string | undefined;
  /** Undefined: without TLS, which a proxy before it may speak. */
  tls?: CertificateFiles | undefined;
}

export interface OperatorParts
  extends LimitedOptions, Omit<AdministrationParts, "auditReading" | "administrator"> {
  auditLog: AuditLog;
  /** The coordinator's own, with its folder of keys. */
  dataFolder: string;
  /** Shown at the port and at the socket. */
  metrics: Metrics;
}

export interface Operator extends AsyncDisposable {
  desk: OperatorDesk;
  /** Undefined where the port was taken. */
  url: string | undefined;
  /**
   * Made just now, and kept nowhere: to be shown. Undefined where none was made. One that nobody took is forgotten at the
   * end, such as of a start that failed: the next one makes another.
   */
  takePassword(): string | undefined;
}

export const operatorSocketPath = (dataFolder: string): string =>
  roleSocketPath(dataFolder, "operator");

/** Whoever opens the socket could read the data folder itself. */
const atMachine: Login = () =>
  Promise.resolve({ name: `local:${userInfo().username}`, role: "administrator" });

/** @throws TroopError `port_taken` where the port was chosen, `configuration_invalid`, `key_file_invalid` */
export async function openOperator(
  config: OperatorConfig,
  parts: OperatorParts,
): Promise<Operator> {
  const { dataFolder, random, auditLog } = parts;
  const auditReading = createAuditReading({ ...parts, folder: auditFolder(dataFolder) });
  await using resources = new AsyncDisposableStack();
  const keys = join(dataFolder, "keys");
  const { stored, made } = await loadPassword(keys, config.password, random);
  let isTaken = made === undefined;
  resources.defer(() => {
    if (!isTaken) forgetPassword(keys);
  });
  const administration = createAdministration({
    ...{ ...parts, auditReading, administrator: config.user },
  });
  const login = createLogin({ ...parts, user: config.user, stored });
  const name = config.url && new URL(config.url).hostname;
  const desk = { administration, auditLog, login, name };

  const { tls } = config;
  const certificate = tls && readCertificate(tls);
  const port = resources.adopt(
    await createDesk({ ...parts, certificate }, desk, parts, parts.metrics),
    (app) => app.close(),
  );
  const url = await listenOn(port, config, parts);
  // With a certificate the app's server is one of TLS.
  if (tls) resources.use(renewCertificate(port.server as unknown as Server, tls, parts));
  const socket = resources.adopt(
    await openDesk(parts, administration, auditLog, parts.metrics),
    (app) => app.close(),
  );
  await listenAt(socket, dataFolder, parts);
  const owned = resources.move();
  return {
    ...{ desk, url },
    takePassword() {
      isTaken = true;
      return made;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** `/admin` for whoever has the machine, without a listener. */
export const openDesk = (
  parts: ServerParts,
  administration: Administration,
  auditLog: OperatorDesk["auditLog"],
  metrics?: Metrics,
): Promise<FastifyInstance> =>
  createDesk(parts, { administration, auditLog, login: atMachine }, undefined, metrics);

async function createDesk(
  parts: ServerParts,
  desk: OperatorDesk,
  limits: LimitedOptions | undefined,
  metrics?: Metrics,
): Promise<FastifyInstance> {
  const app = createServer(parts);
  if (limits) limitCalls(app, limits);
  limitTime(app, parts.clock);
  app.decorateRequest("provenBy", undefined);
  await registerAdmin(app, desk, metrics ? [metricsRoute(metrics)] : []);
  await app.ready();
  return app;
}

async function listenOn(
  app: FastifyInstance,
  { listen, isChosen, tls }: OperatorConfig,
  { log }: ServerParts,
): Promise<string | undefined> {
  try {
    await app.listen(listen);
  } catch (error) {
    const failure = listenFailure(error as NodeJS.ErrnoException, listen);
    if (isChosen) throw failure;
    log.info({ err: failure }, "operators are heard on this machine's socket only");
    return undefined;
  }
  const { address: host, port } = app.server.address() as AddressInfo;
  return urlOf({ host, port }, tls ? "https" : "http");
}

/** Never rejects: a coordinator without it works all the same. */
async function listenAt(
  app: FastifyInstance,
  dataFolder: string,
  { log }: ServerParts,
): Promise<void> {
  try {
    const path = operatorSocketPath(dataFolder);
    const isPipe = process.platform === "win32";
    // Left by one that was killed: the folder's lock says that nobody else can be listening there.
    if (!isPipe) rmSync(path, { force: true });
    await app.listen({ path });
    if (!isPipe) chmodSync(path, 0o600);
  } catch (error) {
    log.warn({ err: error }, "the coordinator has no operators' socket");
  }
}
