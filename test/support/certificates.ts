/** Authorities of one's own, and certificates that they vouch for: made by openssl, gone with the test. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CertificateFiles } from "../../src/host/certificate.ts";

const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"];

export interface Authority extends Disposable {
  /** Its own certificate. */
  file: string;
  /** @param names such as `DNS:localhost,IP:127.0.0.1` */
  issue(names: string): CertificateFiles;
}

export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "troop-authority-"));
  const pair = (name: string): CertificateFiles => ({
    ...{ certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) },
  });
  const make = (to: CertificateFiles, options: string[]) =>
    execFileSync(
      "openssl",
      ["req", "-x509", ...key, "-keyout", to.key, "-out", to.certificate, ...options],
      { stdio: "ignore" },
    );
  const own = pair("authority");
  make(own, ["-subj", "/CN=an authority"]);
  let issued = 0;
  return {
    file: own.certificate,
    issue(names) {
      issued += 1;
      const made = pair(String(issued));
      const by = ["-CA", own.certificate, "-CAkey", own.key];
      const extensions = [`subjectAltName=${names}`, "basicConstraints=critical,CA:FALSE"];
      make(made, [
        ...by,
        "-subj",
        "/CN=a server",
        ...extensions.flatMap((text) => ["-addext", text]),
      ]);
      return made;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
