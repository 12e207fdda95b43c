/** The certificate that a server shows: from files, and from them again when they change, so that none is renewed by a restart. */
import { readFileSync } from "node:fs";
import { createSecureContext, type Server } from "node:tls";
import type { Clock } from "../base/clock.ts";
import { TroopError } from "../protocol/error-codes.ts";
import type { Log } from "./log.ts";

export interface CertificateFiles {
  /** PEM, with the chain that leads to it. */
  certificate: string;
  key: string;
}

/** What Node asks for, as it was in the files. */
export interface Certificate {
  cert: Buffer;
  key: Buffer;
}

/** Renewed certificates overlap by weeks. */
const lookEveryMs = 60_000;

/** @throws TroopError `configuration_invalid` where they cannot be read, or do not belong together */
export function readCertificate({ certificate, key }: CertificateFiles): Certificate {
  try {
    const read = { cert: readFileSync(certificate), key: readFileSync(key) };
    createSecureContext(read);
    return read;
  } catch (cause) {
    throw new TroopError(
      "configuration_invalid",
      `TLS_CERT and TLS_KEY name ${certificate} and ${key}, which cannot be read or are no certificate and its key.`,
      { param: "TLS_CERT", cause },
    );
  }
}

/** Looks at the files once a minute. What cannot be used is said, and the one that is shown stays. */
export function renewCertificate(
  server: Pick<Server, "setSecureContext">,
  files: CertificateFiles,
  { clock, log }: { clock: Pick<Clock, "timer">; log: Log },
): Disposable {
  let shown = readCertificate(files);
  const look = () => {
    try {
      const found = readCertificate(files);
      if (!found.cert.equals(shown.cert) || !found.key.equals(shown.key)) {
        server.setSecureContext(found);
        shown = found;
        log.info({ file: files.certificate }, "a new certificate is shown from now on");
      }
    } catch (error) {
      log.warn(
        { err: error },
        "the certificate's files cannot be used; the one from before is shown",
      );
    }
    timer = clock.timer(lookEveryMs, look);
  };
  let timer = clock.timer(lookEveryMs, look);
  return { [Symbol.dispose]: () => timer.cancel() };
}
