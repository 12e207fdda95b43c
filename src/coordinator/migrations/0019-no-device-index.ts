/** Nodes with a GPU in common are found by each id that they name, which the index of the whole text is no help for. */
import { migrationOf } from "./statements.ts";

export const noDeviceIndex = migrationOf(
  [`drop index hardware_device`],
  // Of a part only: texts of several ids are longer than an index holds.
  [`create index hardware_device on hardware (left(device, 256))`],
);
