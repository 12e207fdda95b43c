/** Other people with accounts on this machine: what listens on loopback listens to their programs too. */
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";

const leastHuman = 1_000;
const nobody = 65_534;
const noShell = /\/(?:nologin|false|true|sync|halt|shutdown|git-shell)$/;

/**
 * Names, from the text of `/etc/passwd`: ids as people get them, with a shell to log in to. The administrator is no
 * such person: there is one on every machine, and nothing is hidden from them. Accounts that a directory service has,
 * and macOS's, are not in that file. Pure.
 */
export function otherHumans(passwd: string, ownUid: number): string[] {
  return passwd.split("\n").flatMap((line) => {
    const [name, , id, , , , shell] = line.split(":");
    if (!name || !id || shell === undefined) return [];
    const uid = Number(id);
    const isHuman = uid >= leastHuman && uid !== nobody && uid !== ownUid && !noShell.test(shell);
    return isHuman ? [name] : [];
  });
}

/** On this machine now; none where that cannot be known. */
export function otherHumansHere(): string[] {
  try {
    return otherHumans(readFileSync("/etc/passwd", "utf8"), userInfo().uid);
  } catch {
    return [];
  }
}
