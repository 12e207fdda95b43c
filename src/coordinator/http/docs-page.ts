/** The OpenAPI document as a page for people: without scripts, and with nothing that is fetched from elsewhere. Pure. */
import { createHash } from "node:crypto";

/** As much of an OpenAPI document as the page shows. */
export interface ApiDocument {
  info: { title: string; description?: string; version: string };
  paths?: Record<string, Record<string, Operation>>;
}
interface Operation {
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: object }[];
  requestBody?: { content: Content };
  responses?: Record<string, { content?: Content }>;
}
type Content = Record<string, { schema?: object }>;

const style = `:root{color-scheme:light dark;font:1rem/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:0 auto;padding:1rem;overflow-wrap:anywhere}
h2{margin:2rem 0 0;font-size:1.1rem;font-family:ui-monospace,monospace}
pre{overflow:auto;padding:.5rem;border:1px solid;white-space:pre-wrap}
a{color:inherit}li{margin:.2rem 0}`;

/** What a browser may do with the page: show it, in this style. */
export const docsPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ");

export function docsPage({ info, paths = {} }: ApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const named = operations.map(({ path, method, operation }) => ({
    name: `${method.toUpperCase()} ${path}`,
    operation,
  }));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(info.title)}</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${escaped(info.title)}</h1>
<p>${escaped(info.description ?? "")} Version ${escaped(info.version)}. For programs: <a href="openapi.json">openapi.json</a>.</p>
<nav aria-label="Calls"><ul>${named.map(({ name }) => `<li><a href="#${idOf(name)}">${escaped(name)}</a></li>`).join("\n")}</ul></nav>
${named.map(({ name, operation }) => section(name, operation)).join("\n")}
</main>
</body>
</html>
`;
}

function section(name: string, { summary = "", ...operation }: Operation): string {
  const { parameters = [], requestBody, responses = {} } = operation;
  const said = parameters.map((parameter) => [
    `${parameter.name}, in the ${parameter.in}${parameter.required ? "" : ", if at all"}`,
    parameter.schema,
  ]);
  const sent = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => [
    `What is sent: ${type}`,
    schema,
  ]);
  const answered = Object.entries(responses).flatMap(([status, { content = {} }]) =>
    Object.entries(content).map(([type, { schema }]) => [`Answer ${status}: ${type}`, schema]),
  );
  const shapes = [...said, ...sent, ...answered] as [title: string, schema: object | undefined][];
  return `<section aria-labelledby="${idOf(name)}">
<h2 id="${idOf(name)}">${escaped(name)}</h2>
<p>${escaped(summary)}</p>
${shapes.map(([title, schema]) => shape(title, schema)).join("\n")}
</section>`;
}

const shape = (title: string, schema: object = {}): string =>
  `<details><summary>${escaped(title)}</summary><pre tabindex="0">${escaped(JSON.stringify(schema, null, 2))}</pre></details>`;

const idOf = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (found) => entities[found]!);
