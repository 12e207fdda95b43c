/** Two nginx processes in a chain, set up to pass streams on as they come. */
import { accessSync, constants } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { freePort, loopback } from "../../tools/services/ready.ts";
import { pathOf, type Requirement } from "../../tools/services/programs.ts";
import { startCommand, untilListening, type Running } from "./processes.ts";

const folders = ["/usr/sbin", "/usr/local/sbin", ...(process.env["PATH"] ?? "").split(delimiter)];

export const nginx: Requirement = {
  name: "nginx",
  packages: ["nginx-light"],
  find: () =>
    folders
      .map((folder) => join(folder, "nginx"))
      .find((path) => {
        try {
          accessSync(path, constants.X_OK);
          return true;
        } catch {
          return false;
        }
      }),
};

const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/** Beside what most people write: connections to the next hop are used again instead of opened for each request. */
const keeping = `
      proxy_http_version 1.1;
      proxy_set_header Connection "";`;

interface Hop {
  folder: string;
  port: number;
  upstream: string;
  isKeeping: boolean;
}

/** One worker: each hop of the others is one process too. */
const settings = ({ folder, port, upstream, isKeeping }: Hop): string => `
daemon off;
worker_processes 1;
pid ${folder}/pid;
error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ")}
  client_body_buffer_size 64k;
  keepalive_timeout 60s;
  keepalive_requests 1000000;
  upstream next {
    server ${upstream};
    ${isKeeping ? "keepalive 512; keepalive_requests 1000000;" : ""}
  }
  server {
    listen ${loopback}:${port};
    location / {
      proxy_pass http://next;
      ${isKeeping ? keeping : ""}
      proxy_buffering off;
      proxy_request_buffering off;
      proxy_read_timeout 300s;
    }
  }
}
`;

export interface NginxChain extends AsyncDisposable {
  origin: string;
  pids: number[];
}

/** @param isKeeping whether connections between hops are used again; nginx by itself opens one for each request */
export async function startNginxChain(
  engineOrigin: string,
  isKeeping: boolean,
): Promise<NginxChain> {
  await using stack = new AsyncDisposableStack();
  const hops: Running[] = [];
  let upstream = new URL(engineOrigin).host;
  for (let hop = 1; hop <= 2; hop += 1) {
    const folder = await mkdtemp(join(tmpdir(), "troop-bench-nginx-"));
    stack.defer(() => rm(folder, { recursive: true, force: true }));
    await mkdir(join(folder, "logs"));
    const port = await freePort();
    const file = join(folder, "nginx.conf");
    await writeFile(file, settings({ folder, port, upstream, isKeeping }));
    const command = [pathOf(nginx), "-p", folder, "-e", "stderr", "-c", file];
    // SIGTERM: told to end, it tells its worker.
    const server = stack.use(startCommand(command, {}, "SIGTERM"));
    await untilListening(server, port);
    hops.push(server);
    upstream = `${loopback}:${port}`;
  }
  const resources = stack.move();
  return {
    origin: `http://${upstream}`,
    pids: hops.map(({ pid }) => pid),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}
