/** Which methods a path knows, for the `Allow` header. Pure. */

export interface RoutePattern {
  method: string | string[];
  /** As registered, `/users/:id/balance`. */
  url: string;
}

export function allowedMethods(patterns: readonly RoutePattern[], path: string): string[] {
  const segments = path.split("/");
  const matches = patterns.filter(({ url }) => {
    const expected = url.split("/");
    return (
      expected.length === segments.length &&
      expected.every((part, index) => part.startsWith(":") || part === segments[index])
    );
  });
  return [...new Set(matches.flatMap(({ method }) => method))].toSorted();
}
