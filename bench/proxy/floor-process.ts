/** One hop that does the least there is: node:http on one side, undici's `dispatch` on the other, bytes as they come. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { Agent } from "undici";

const [, , origin = ""] = process.argv;
const agent = new Agent();

const server = createServer({ keepAliveTimeout: 60_000, noDelay: true }, (request, response) => {
  void buffer(request).then((body) =>
    agent.dispatch(
      {
        ...{ origin, path: request.url!, method: "POST", body, headersTimeout: 0, bodyTimeout: 0 },
        headers: { "content-type": "application/json" },
      },
      {
        onRequestStart() {},
        onResponseStart(_controller, status, { "content-type": type }) {
          response.writeHead(status, { "content-type": String(type) });
        },
        onResponseData(_controller, chunk) {
          response.write(chunk);
        },
        onResponseEnd() {
          response.end();
        },
        onResponseError() {
          response.destroy();
        },
      },
    ),
  );
});
server.listen(0, "127.0.0.1", () => process.send!((server.address() as AddressInfo).port));
process.once("disconnect", () => process.exit());
