/** One page of a list that is newest first, and where the next one begins. Pure. */
import { type Place, writePlace } from "../../../../protocol/admin.ts";

/** @param found one more than `limit`, where there are so many */
export function paged<Row extends Place>(
  found: readonly Row[],
  limit: number,
): [page: Row[], next: string | null] {
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return [page, found.length > limit && last ? writePlace(last) : null];
}
