/** A server of pictures on this machine, and the parts that let it pass for one in the world. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listen } from "../../host/listen.ts";
import type { FetchImageParts } from "./fetch-image.ts";

/** Of one pixel. */
export const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
export const pngUrl = `data:image/png;base64,${png.toString("base64")}`;

export type Serve = (request: IncomingMessage, response: ServerResponse) => void;

export const sendPng: Serve = (_request, response) =>
  void response.writeHead(200, { "content-type": "image/png" }).end(png);

export interface ImageServer extends AsyncDisposable {
  /** `http://pictures.example:<port>`, a name that `parts.resolve` knows. */
  origin: string;
  port: number;
  /** By path; others are answered 404. */
  paths: Record<string, Serve>;
  requests: IncomingMessage[];
  /** Names that were looked up, in order. */
  lookedUp: string[];
  /** Where names lead; 127.0.0.1 is what this test calls the world. */
  names: Record<string, string[]>;
  parts: Pick<FetchImageParts, "resolve" | "isAllowed">;
}

export async function startImageServer(): Promise<ImageServer> {
  const server = createServer((request, response) => {
    started.requests.push(request);
    const serve = started.paths[request.url!];
    if (serve) serve(request, response);
    else response.writeHead(404).end();
  });
  const { port } = await listen(server, { host: "127.0.0.1", port: 0 });
  const started: ImageServer = {
    origin: `http://pictures.example:${port}`,
    port,
    paths: { "/pixel.png": sendPng },
    requests: [],
    lookedUp: [],
    names: { "pictures.example": ["127.0.0.1"] },
    parts: {
      async resolve(name) {
        started.lookedUp.push(name);
        const addresses = started.names[name];
        if (!addresses) throw new Error("ENOTFOUND");
        return addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 }));
      },
      isAllowed: (address) => address === "127.0.0.1",
    },
    [Symbol.asyncDispose]: () => closeServer(server),
  };
  return started;
}
