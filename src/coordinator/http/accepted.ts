/** Which form of an answer a caller prefers (RFC 9110 §12.5.1, as far as we have two forms). Pure. */

/** True where CSV is named and JSON is not wanted more. */
export function prefersCsv(accept: string | undefined): boolean {
  const weights = new Map(
    (accept ?? "").split(",").map((part) => {
      const [type = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
      const weight = parameters.find((text) => text.startsWith("q="))?.slice(2);
      return [type, weight === undefined ? 1 : Number(weight) || 0] as const;
    }),
  );
  const csv = weights.get("text/csv") ?? 0;
  const json = weights.get("application/json") ?? 0;
  return csv > 0 && csv > json;
}
