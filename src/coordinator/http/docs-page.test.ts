/** The page of endpoints: all of them, shown as text, with a style that its own policy lets through and nothing else. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { docsPage, docsPolicy } from "./docs-page.ts";

const page = docsPage({
  info: { title: "A <title>", version: "1" },
  paths: {
    "/users/{id}": {
      get: {
        summary: `"Quoted" & <b>bold</b>`,
        parameters: [{ name: "id", in: "path", required: true, schema: { type: "string" } }],
        responses: { 200: { content: { "application/json": { schema: { enum: ["<&>"] } } } } },
      },
      delete: {},
    },
  },
});

test("names each call, and what is sent and answered", () => {
  for (const text of ["GET /users/{id}", "DELETE /users/{id}", "id, in the path"])
    expect(page).toContain(text);
  expect(page).toContain("&quot;Quoted&quot; &amp; &lt;b&gt;bold&lt;/b&gt;");
  expect(page).toContain("&lt;&amp;&gt;");
  expect(page).not.toContain("<b>");
});

test("has one style, which the policy names, and nothing from elsewhere", () => {
  const [, style = ""] = /<style>([^]*)<\/style>/.exec(page) ?? [];
  const hash = createHash("sha256").update(style).digest("base64");
  expect(docsPolicy).toContain(`style-src 'sha256-${hash}'`);
  expect(docsPolicy).toContain("default-src 'none'");
  expect(page).not.toMatch(/<script|src=|https?:|style="/);
});

test("every link within it leads somewhere", () => {
  const links = [...page.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
  expect(links).toHaveLength(2);
  for (const id of links) expect(page).toContain(`id="${id}"`);
});
