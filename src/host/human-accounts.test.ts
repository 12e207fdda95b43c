/** Who else has an account here. */
import { expect, test } from "vitest";
import { otherHumans } from "./human-accounts.ts";

const passwd = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
sync:x:4:65534:sync:/bin:/bin/sync
postgres:x:113:120::/var/lib/postgresql:/bin/bash
ann:x:1000:1000:Ann,,,:/home/ann:/bin/bash
ben:x:1001:1001::/home/ben:
build:x:1002:1002::/srv/build:/usr/sbin/nologin
mail:x:1003:1003::/var/mail:/bin/false
eve:x:60001:60001::/home/eve:/usr/bin/zsh
nobody:x:65534:65534:nobody:/nonexistent:/bin/sh

broken
`;

test.each([
  [1_000, ["ben", "eve"]],
  [1_001, ["ann", "eve"]],
  [0, ["ann", "ben", "eve"]],
  [113, ["ann", "ben", "eve"]],
])("beside user %i: %j", (uid, names) => {
  expect(otherHumans(passwd, uid)).toEqual(names);
});

test("a machine of one's own has no others", () => {
  expect(otherHumans("root:x:0:0::/root:/bin/bash\nann:x:1000:1000::/:/bin/sh\n", 1_000)).toEqual(
    [],
  );
  expect(otherHumans("", 1_000)).toEqual([]);
});
