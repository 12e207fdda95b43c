/** `troop launch <tool> --config`, `--restore` and `--dry-run`, on the files that each tool has. */
import { lstatSync, mkdirSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { settingsCases } from "./launch-settings.fixture.ts";
import { createDesk } from "./launch.fixture.ts";

const comments = (text: string) => text.match(/(?<!:)(\/\/|#)[^\n]*/g) ?? [];

describe.each(settingsCases)("$tool", ({ tool, file, read, own, owns, says }) => {
  test("a file that was not there is made, says what it must, and goes again", async () => {
    await using desk = await createDesk();
    const told = await desk.troopAlone("launch", tool, "--config", "--json");
    expect(told).toMatchObject({ code: 0, json: { tool, changed: true, dry_run: false } });
    expect(read(desk.read(file)!)).toMatchObject(says(desk.url));
    expect(statSync(join(desk.home, file)).mode & 0o077).toBe(0);
    const again = await desk.troopAlone("launch", tool, "--config", "--json");
    expect(again).toMatchObject({ code: 0, json: { changed: false, diff: "" } });
    expect((await desk.troopAlone("launch", tool, "--restore")).code).toBe(0);
    expect(desk.read(file)).toBeUndefined();
  });

  test.each(["", own])(
    "a file that was there (%j) keeps what it said, and is put back as it was",
    async (text) => {
      await using desk = await createDesk();
      desk.write(file, text);
      await desk.troopAlone("launch", tool, "--config");
      const written = desk.read(file)!;
      expect(read(written)).toMatchObject(says(desk.url));
      if (text) expect(read(written)).toMatchObject(owns);
      expect(comments(written)).toEqual(comments(text));
      // Another model is no reason to forget what was there at first.
      desk.models = [{ id: "other", context_length: null }];
      await desk.troopAlone("launch", tool, "--config");
      expect(desk.read(file)).toContain("other");
      await desk.troopAlone("launch", tool, "--restore");
      expect(desk.read(file)).toBe(text);
      expect((await desk.troopAlone("launch", tool, "--restore", "--json")).json).toMatchObject({
        changed: false,
      });
    },
  );

  test("a dry run shows the difference and writes nothing", async () => {
    await using desk = await createDesk();
    desk.write(file, own);
    const told = await desk.troopAlone("launch", tool, "--config", "--dry-run");
    expect(told.stdout).toMatch(/^--- .*\n\+\+\+ .*\n@@ /);
    expect(told.stdout).toContain(desk.url);
    expect(desk.read(file)).toBe(own);
    await desk.troopAlone("launch", tool, "--config");
    const written = desk.read(file);
    const undone = await desk.troopAlone("launch", tool, "--restore", "--dry-run", "--json");
    expect(undone.json.diff).toMatch(/^-.*127\.0\.0\.1/m);
    expect(desk.read(file)).toBe(written);
  });

  test("what its owner has changed since stays when ours is taken out", async () => {
    await using desk = await createDesk();
    desk.write(file, own);
    await desk.troopAlone("launch", tool, "--config");
    const since = desk
      .read(file)!
      .replace("dark", "light")
      .replace("mine", "yours")
      .replace("x\n", "z\n");
    desk.write(file, since);
    expect((await desk.troopAlone("launch", tool, "--restore")).code).toBe(0);
    const expected = own.replace("dark", "light").replace("mine", "yours").replace("x\n", "z\n");
    expect(desk.read(file)).toBe(expected);
  });

  test("what was changed in our own part is not undone unasked", async () => {
    await using desk = await createDesk();
    desk.write(file, own);
    await desk.troopAlone("launch", tool, "--config");
    const theirs = desk.read(file)!.replaceAll("127.0.0.1", "10.0.0.1");
    desk.write(file, theirs);
    const refused = await desk.troopAlone("launch", tool, "--restore");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("settings_changed");
    expect(refused.stdout).toMatch(/^\+.*10\.0\.0\.1/m);
    expect(desk.read(file)).toBe(theirs);
    await desk.troopAlone("launch", tool, "--restore", "--force");
    expect(desk.read(file)).toBe(own);
  });
});

test("a key is never written: settings point to its variable", async () => {
  await using desk = await createDesk({ TROOP_API_KEY: "geheim" }, "geheim");
  for (const { tool, file } of settingsCases) {
    const told = await desk.troopAlone("launch", tool, "--config");
    expect(told).toMatchObject({ code: 0 });
    expect(told.stderr).toContain("TROOP_API_KEY");
    expect(desk.read(file)).not.toContain("geheim");
  }
  for (const file of [
    ".codex/config.toml",
    ".config/opencode/opencode.json",
    ".qwen/settings.json",
    ".pi/agent/models.json",
    ".continue/config.yaml",
  ])
    expect(desk.read(file)).toContain("TROOP_API_KEY");
});

test.each([
  ["opencode", ".config/opencode/opencode.json", "{ broken"],
  ["codex", ".codex/config.toml", 'model_providers = { troop = { name = "x" } }\n'],
  ["continue", ".continue/config.json", "{}"],
])("%s: %s that cannot be changed safely stays as it is", async (tool, file, text) => {
  await using desk = await createDesk();
  desk.write(file, text);
  const told = await desk.troopAlone("launch", tool, "--config", "--json");
  expect(told).toMatchObject({ code: 1, json: { error: { code: "settings_unclear" } } });
  expect(desk.read(file)).toBe(text);
});

test("a link, as dotfiles are kept, stays one, and the file behind it keeps its rights", async () => {
  await using desk = await createDesk();
  desk.write("dotfiles/codex.toml", "# kept elsewhere\n");
  mkdirSync(join(desk.home, ".codex"));
  const link = join(desk.home, ".codex", "config.toml");
  symlinkSync(join(desk.home, "dotfiles/codex.toml"), link);
  const { mode } = statSync(link);
  await desk.troopAlone("launch", "codex", "--config");
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(desk.read("dotfiles/codex.toml")).toContain("troop");
  expect(statSync(link).mode).toBe(mode);
});
