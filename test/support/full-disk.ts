/** From now until it is disposed no file of this process can be appended to, as on a disk without room. */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

export function fillDisk(): Disposable {
  const { writeSync } = fs;
  fs.writeSync = () => {
    throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
  };
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      fs.writeSync = writeSync;
      syncBuiltinESMExports();
    },
  };
}
