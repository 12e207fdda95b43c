/** What a prover shows of its walk: the results of the groups that the asked lanes belong to, with their paths. */
import { z } from "zod";
import { hashBytes } from "../merkle.ts";
import { groupBytes, groupPathLength, lanesPerGroup, passesUnit, segments } from "./memory.ts";

/** Lanes that are asked for: a prover that left out a share f of them passes with (1 − f)^16. */
export const askedLanes = 16;

const bytesText = (bytes: number) => z.string().max(Math.ceil((bytes * 4) / 3));

/** Base64url: the results of all lanes of the group, and its siblings from leaf to root. */
export const openedGroup = z.strictObject({
  results: bytesText(groupBytes),
  path: bytesText(groupPathLength({ segments: segments.most, passes: passesUnit }) * hashBytes),
});

/** 186 KB at most. In the order of `groupsToOpen`. */
export const memoryOpening = z.strictObject({
  groups: z.array(openedGroup).min(1).max(askedLanes),
});
export type MemoryOpening = z.infer<typeof memoryOpening>;

export const groupOf = (lane: number): number => Math.floor(lane / lanesPerGroup);

/** The groups of the asked lanes, each once, in the order in which they are shown. */
export const groupsToOpen = (lanes: readonly number[]): number[] => [
  ...new Set(lanes.map(groupOf)),
];
