/** Finds, in sources, the names that documentation must list, and, in documentation, the names that it lists. */
import { basename } from "node:path";
import type { SourceFile } from "./source-files.ts";

type Names = ReadonlySet<string>;

/** Everything that a Markdown text sets in `code`, span by span. */
const spansOf = (markdown: string) =>
  Array.from(markdown.matchAll(/`([^`\n]+)`/g), ([, span = ""]) => span);

/** The words that stand in code spans. */
export const mentionedIn = (markdown: string): Names =>
  new Set(spansOf(markdown).flatMap((span) => span.match(/\w+/g) ?? []));

/** Rows that begin with a code and its status: "| `busy` | 503 |". */
export const tableCodesIn = (markdown: string) =>
  Array.from(
    markdown.matchAll(/^\|\s*`([a-z_]+)`\s*\|\s*(\d{3})\b/gm),
    ([, code = "", status = ""]) => ({ code, status: Number(status) }),
  );

/** Variables in an `.env` file, those commented out too: they are offered. */
export const variablesSetIn = (env: string): Names =>
  new Set(Array.from(env.matchAll(/^#?\s*([A-Z][A-Z0-9_]*)=/gm), ([, name = ""]) => name));

const variableName = /^[A-Z][A-Z0-9_]{3,}$/;

/** Variables that sources read: keys and strings of `config.ts` files, and `environment.NAME` anywhere. */
export const variablesIn = (files: readonly SourceFile[]): Names =>
  new Set(
    files.flatMap(({ path, code, strings }) => {
      const read = code.matchAll(/\b(?:env|environment)\s*\??\.\s*([A-Z][A-Z0-9_]{3,})\b/g);
      const byBracket = code.matchAll(/\b(?:env|environment)\s*(?:\?\.)?\[\s*["'`]/g);
      const names = [
        ...Array.from(read, ([, name = ""]) => name),
        ...Array.from(byBracket, (match) => strings.get(match.index + match[0].length - 1) ?? ""),
      ];
      if (basename(path) !== "config.ts") return names.filter((name) => variableName.test(name));
      const keys = Array.from(code.matchAll(/\b([A-Z][A-Z0-9_]{3,})\s*:/g), ([, key = ""]) => key);
      return [...names, ...keys, ...strings.values()].filter((name) => variableName.test(name));
    }),
  );

const inRouteFolder = ({ path }: SourceFile) => /\/(http|routes|proxy)\//.test(path);

/** `/users/:id` and `/users/{id}` are the same route. */
const withoutNames = (path: string) => path.replaceAll(/:\w+|\{[^}]*\}|\*/g, "{}");

/** Paths that are registered: `url: "/…"`, `path = "/…"`, `.get("/…"` and its kind. */
export const routesIn = (files: readonly SourceFile[]): Names =>
  new Set(
    files.filter(inRouteFolder).flatMap(({ code, strings }) => {
      const registered =
        /\b(?:url|path)\s*[:=]\s*["'`]|\.\s*(?:get|post|put|patch|delete|head|options|all)\s*(?:<[^()]*>)?\(\s*["'`]/g;
      return Array.from(
        code.matchAll(registered),
        (match) => strings.get(match.index + match[0].length - 1) ?? "",
      )
        .filter((path) => path.startsWith("/"))
        .map(withoutNames);
    }),
  );

/** Paths in code spans, alone or after a method: "`POST /authorize`". */
export const pathsMentionedIn = (markdown: string): Names =>
  new Set(
    spansOf(markdown).flatMap((span) => {
      const path = /^(?:[A-Z]+(?:\|[A-Z]+)* )?(\/[^\s?]*)/.exec(span)?.[1];
      return path === undefined ? [] : [withoutNames(path)];
    }),
  );

/** What is counted and measured: `.counter("name"` and its kind. */
export const metricsIn = (files: readonly SourceFile[]): Names =>
  new Set(
    files.flatMap(({ code, strings }) =>
      Array.from(
        code.matchAll(/\.\s*(?:counter|histogram|gauge|total)\(\s*["'`]/g),
        (match) => strings.get(match.index + match[0].length - 1) ?? "",
      ).filter((name) => /^[a-z]+_[a-z_]+$/.test(name)),
    ),
  );

/** Commands that the command line defines: `.command("name …")`, or `add("name", …)` by a helper of its own. */
export const commandsIn = (files: readonly SourceFile[]): Names =>
  new Set(
    files
      .filter(({ path }) => path.startsWith("src/cli/"))
      .flatMap(({ code, strings }) =>
        Array.from(
          code.matchAll(/(?:\.\s*command|\badd[A-Z]?\w*)\s*\(\s*["'`]/g),
          (match) => strings.get(match.index + match[0].length - 1)?.split(" ")[0] ?? "",
        ),
      ),
  );

/** Command lines in fenced blocks of shell, one per `&&`, without prompt, settings before it, or comment. */
export const fencedCommandsIn = (markdown: string): string[] =>
  Array.from(
    markdown.matchAll(/^```(?:sh|bash|console|shell)\n([^]*?)^```/gm),
    ([, block = ""]) => block,
  )
    .flatMap((block) => block.split(/\n|&&/))
    .map((line) =>
      line
        .trim()
        .replace(/^\$ /, "")
        .replace(/^(?:[A-Z_]+=\S* )+/, ""),
    )
    .filter((line) => line !== "" && !line.startsWith("#"));
