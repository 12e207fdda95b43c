/** A machine with a sidecar that lists models, a home of its own, and programs that write down how they were started. */
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Environment } from "../host/env.ts";
import { leaveRunFile } from "../host/run-file.ts";
import { createMachine, type Machine } from "./command-line.fixture.ts";

export interface Desk extends Omit<Machine, typeof Symbol.dispose>, AsyncDisposable {
  readonly home: string;
  readonly url: string;
  /** Models on offer. */
  models: { id: string; context_length: number | null }[];
  /** Undefined where there is no such file in the home. */
  read(path: string): string | undefined;
  write(path: string, text: string): void;
  /** Puts a program on the PATH; it ends with this, by default after writing down its words and variables. */
  addProgram(name: string, ending?: string): void;
  /** Of the program that was started last. */
  started(): { words: string[]; environment: Record<string, string> };
}

export async function createDesk(more: Environment = {}, key?: string): Promise<Desk> {
  const home = mkdtempSync(join(tmpdir(), "troop-home-"));
  const bin = join(home, "bin");
  mkdirSync(bin);
  const models = [{ id: "toy:1b", context_length: 4_096 as number | null }];
  const server = createServer(({ url, headers }, response) => {
    const isOpen = key === undefined || headers.authorization === `Bearer ${key}`;
    if (url === "/health") response.end(JSON.stringify({ service: "monkey-troop-client" }));
    else response.writeHead(isOpen ? 200 : 401).end(JSON.stringify({ data: desk.models }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const machine = createMachine("", { HOME: home, PATH: `${bin}:/usr/bin:/bin`, ...more });
  const note = leaveRunFile(machine.folder, "client", { url, pid: 1, coordinator: url });
  const log = join(home, "started");
  const desk: Desk = {
    ...machine,
    ...{ home, url, models },
    read: (path) =>
      existsSync(join(home, path)) ? readFileSync(join(home, path), "utf8") : undefined,
    write(path, text) {
      mkdirSync(dirname(join(home, path)), { recursive: true });
      writeFileSync(join(home, path), text);
    },
    addProgram(name, ending = "exit 0") {
      const script = `#!/bin/sh\n{ for word in "$@"; do printf '%s\\0' "$word"; done; printf '\\001'; env -0; } > ${log}\n${ending}\n`;
      writeFileSync(join(bin, name), script);
      chmodSync(join(bin, name), 0o755);
    },
    started() {
      const [words = "", variables = ""] = readFileSync(log, "utf8").split("\u0001");
      const parts = (text: string) => text.split("\0").slice(0, -1);
      return {
        words: parts(words),
        environment: Object.fromEntries(
          parts(variables).map((line) => [
            line.slice(0, line.indexOf("=")),
            line.slice(line.indexOf("=") + 1),
          ]),
        ),
      };
    },
    async [Symbol.asyncDispose]() {
      note[Symbol.dispose]();
      machine[Symbol.dispose]();
      rmSync(home, { recursive: true, force: true });
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return desk;
}
