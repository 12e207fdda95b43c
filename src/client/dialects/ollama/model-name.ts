/**
 * Which model on offer a name of Ollama's API means. There a bare name and its `:latest` are one name, and clients
 * send either; beyond that names are their own, as `protocol/model-names.ts` has them in doubt. Pure.
 */

/** What `asked` means among `offered`; undefined where it means none of them. */
export function ollamaModelName(
  asked: string,
  isOffered: (name: string) => boolean,
): string | undefined {
  return [asked, otherNameOf(asked)].find((name) => name !== undefined && isOffered(name));
}

const latest = ":latest";

function otherNameOf(name: string): string | undefined {
  if (name.endsWith(latest)) return name.slice(0, -latest.length);
  const isTagged = name.lastIndexOf(":") > name.lastIndexOf("/");
  return isTagged ? undefined : name + latest;
}
