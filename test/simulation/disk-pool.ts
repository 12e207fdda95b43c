/** Disks for many worlds. */
import { createDisk, type Disk } from "./world/disk.ts";

/** Disks are made once and wiped: opening a database takes longer than most of what is done with it. */
export interface DiskPool {
  take(): Disk;
}

export function createDiskPool(): DiskPool & { giveBackAll(): void } {
  const all: Disk[] = [];
  let taken = 0;
  return {
    take() {
      const disk = all[taken] ?? createDisk();
      all[taken] = disk;
      taken += 1;
      return disk;
    },
    giveBackAll() {
      for (const disk of all.slice(0, taken)) disk.wipe();
      taken = 0;
    },
  };
}
