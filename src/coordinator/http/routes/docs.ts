/** `GET /openapi.json` and `GET /docs`: the endpoints, for programs and for people. Public. */
import { type ApiDocument, docsPage, docsPolicy } from "../docs-page.ts";
import type { App } from "../services.ts";

/** Neither names itself. */
const schema = { hide: true } as object;

export function docsRoute(app: App): void {
  let page: string | undefined;
  app.get("/openapi.json", { schema }, async () => app.swagger());
  app.get("/docs", { schema }, async (_request, reply) => {
    page ??= docsPage(app.swagger() as ApiDocument);
    return reply
      .headers({
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": docsPolicy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
      })
      .send(page);
  });
}
