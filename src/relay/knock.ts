/** Which requests are the relay's. Pure. */
import type { IncomingMessage } from "node:http";
import { pathOf } from "../host/framing.ts";
import { relayPath } from "../host/relay-session.ts";

/** A worker's: only at the relay's own path, for elsewhere `Upgrade` is a wish that a server may pass over. */
export const isKnock = ({ url }: Pick<IncomingMessage, "url">): boolean =>
  pathOf(url ?? "") === relayPath;

/** A client's, `/relay/{node}/infer`: the node. Undefined for any other path. */
export const nodeOfPath = (path: string): string | undefined =>
  /^\/relay\/([A-Za-z0-9_-]{43})\/infer$/.exec(path)?.[1];
