/** Which form of an answer a caller prefers (RFC 9110 §12.5.1, as far as we have two forms). Pure. */

/** True where the type is named and JSON is not wanted more. */
export function prefers(type: "text/csv" | "text/html", accept: string | undefined): boolean {
  const weights = new Map(
    (accept ?? "").split(",").map((part) => {
      const [name = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
      const weight = parameters.find((text) => text.startsWith("q="))?.slice(2);
      return [name, weight === undefined ? 1 : Number(weight) || 0] as const;
    }),
  );
  const wanted = weights.get(type) ?? 0;
  const json = weights.get("application/json") ?? 0;
  return wanted > 0 && wanted > json;
}
