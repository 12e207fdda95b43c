/** Which methods a path knows, for the `Allow` header. Pure. */

export interface RoutePattern {
  method: string | string[];
  /** As registered: `/users/:id/balance`, `/v1/models/*`. */
  url: string;
}

export function allowedMethods(patterns: readonly RoutePattern[], path: string): string[] {
  const segments = path.split("/");
  const matches = patterns.filter(({ url }) => {
    const expected = url.split("/");
    const isOpen = expected.at(-1) === "*";
    const isLong = isOpen
      ? segments.length >= expected.length
      : segments.length === expected.length;
    return (
      isLong &&
      expected.every(
        (part, index) => part === "*" || part.startsWith(":") || part === segments[index],
      )
    );
  });
  return [...new Set(matches.flatMap(({ method }) => method))].toSorted();
}
