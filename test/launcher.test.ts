/** `bin/troop.mjs`, in a package laid out for the test, started by a Node that says it is an old one. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { repository } from "./house-rules/source-files.ts";

const oldNode = `data:text/javascript,Object.defineProperty(process, "versions", { value: { node: "12.22.0" } })`;
const bundledNode = `node_modules/node-${process.platform}-${process.arch}`;

async function layOut(files: Record<string, string>) {
  const folder = await mkdtemp(join(tmpdir(), "launcher-"));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  await mkdir(join(folder, "bin"));
  await copyFile(join(repository, "bin/troop.mjs"), join(folder, "bin/troop.mjs"));
  if (bundledNode + "/package.json" in files) {
    await mkdir(join(folder, bundledNode, "bin"));
    await symlink(process.execPath, join(folder, bundledNode, "bin/node"));
  }
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}

const start = (folder: string, nodeOptions: string[], ...options: string[]) =>
  spawn(process.execPath, [...nodeOptions, join(folder, "bin/troop.mjs"), ...options], {
    stdio: ["ignore", "pipe", "pipe"],
  });

async function run(folder: string, nodeOptions: string[], ...options: string[]) {
  const child = start(folder, nodeOptions, ...options);
  const [output, errors, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { output, errors, status };
}

const program = `
  console.log(process.versions.node, process.argv.slice(2).join());
  process.exitCode = 3;`;
const thisNode = process.versions.node;

test("an old Node hands over to the Node that came with the package", async () => {
  await using place = await layOut({
    "src/main.ts": program,
    [`${bundledNode}/package.json`]: "{}",
  });
  const { output, status } = await run(place.folder, ["--import", oldNode], "up", "--json");
  expect(output).toBe(`${thisNode} up,--json\n`);
  expect(status).toBe(3);
});

test("an old Node alone says in one line what to install", async () => {
  await using place = await layOut({ "src/main.ts": program });
  const { output, errors, status } = await run(place.folder, ["--import", oldNode]);
  expect(output).toBe("");
  expect(errors).toMatch(
    /^troop needs Node 22\.18 or newer, this is 12\.22\.0.*Install Node 24.*\n$/,
  );
  expect(status).toBe(1);
});

test("a Node that is new enough starts the program itself", async () => {
  await using place = await layOut({ "src/main.ts": program });
  expect(await run(place.folder, [], "up")).toMatchObject({
    output: `${thisNode} up\n`,
    status: 3,
  });
});

test("a published package, which has no sources, starts its build", async () => {
  await using place = await layOut({ "dist/src/main.js": program });
  expect(await run(place.folder, [], "up")).toMatchObject({
    output: `${thisNode} up\n`,
    status: 3,
  });
});

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s reaches the program, whose status comes back",
  async (signal) => {
    await using place = await layOut({
      "src/main.ts": `
        process.once("${signal}", () => process.exit(9));
        setInterval(() => {}, 1000);
        console.log("ready");`,
      [`${bundledNode}/package.json`]: "{}",
    });
    const child = start(place.folder, ["--import", oldNode]);
    await once(child.stdout, "data");
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([9, null]);
  },
);

test("a program that is killed by a signal reports it as a shell would", async () => {
  await using place = await layOut({
    "src/main.ts": `process.kill(process.pid, "SIGKILL");`,
    [`${bundledNode}/package.json`]: "{}",
  });
  expect(await run(place.folder, ["--import", oldNode])).toMatchObject({ status: 137 });
});
