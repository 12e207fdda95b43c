/** `--port` and `--listen`, and what to say when the port is taken. */
import {
  isSocket,
  type ListenAddress,
  type ListenSocket,
  readListenAddress,
  readListenPlace,
} from "../host/listen.ts";
import { portHolder } from "../host/port-holder.ts";
import { TroopError } from "../protocol/error-codes.ts";
import { again } from "./typed-command.ts";

export interface ListenFlags {
  port?: string;
  listen?: string;
}

/** @throws TroopError `usage` */
export function listenFlag({ port, listen }: ListenFlags): ListenAddress | undefined {
  const text = listen ?? port;
  if (text === undefined) return undefined;
  const address = readListenAddress(text);
  if (!address || (port !== undefined && !/^\d+$/.test(port))) {
    const flag =
      listen === undefined ? "--port takes a number from 0 to 65535" : "--listen takes host:port";
    throw new TroopError("usage", `${flag}; ${JSON.stringify(text)} is not one.`);
  }
  return address;
}

/** A Unix socket that `--listen` names, where a role can have one. */
export function socketFlag({ listen = "" }: ListenFlags): ListenSocket | undefined {
  const place = readListenPlace(listen);
  return place && isSocket(place) ? place : undefined;
}

/** Runs `start`; where the port is taken, says by whom and which command avoids it. */
export async function namingPortHolder<Result>(
  { listen }: ListenFlags,
  start: () => Promise<Result>,
): Promise<Result> {
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof TroopError) || error.code !== "port_taken") throw error;
    const port = Number(error.details.port);
    const holder = portHolder(port);
    const next = port === 65_535 ? port - 1 : port + 1;
    const flag = listen?.replace(/\d+$/, String(next));
    throw new TroopError("port_taken", `Port ${port} is taken${holder ? ` by ${holder}` : ""}.`, {
      details: { run: `${again} ${flag ? `--listen ${flag}` : `--port ${next}`}` },
      cause: error.cause,
    });
  }
}
