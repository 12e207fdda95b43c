/** Blows from outside, at random instants while there are faults: kills, cuts, a database that is away, long outages. */
import type { Machine } from "../world/machine.ts";
import { coordinatorName, type World } from "../world/world.ts";
import type { CoordinatorActor } from "./coordinator.ts";

export interface ChaosParts {
  world: World;
  coordinator: CoordinatorActor;
  workers: readonly Machine[];
  clients: readonly Machine[];
}

/** A process is killed within this many of its next touches of the outside. */
const touches = 60;
const hourMs = 3_600_000;
/** Long outages are hours, and now and then days: holds expire and back-offs reach their ceiling. */
const outageHours = [2, 3, 6, 12, 30];

export function startChaos({ world, coordinator, workers, clients }: ChaosParts): void {
  const { scheduler, faults, network, random, note } = world;
  const draw = random.fork("chaos");
  const machines = [coordinator.machine, ...workers, ...clients];

  function strike(): void {
    const lot = draw.fraction();
    if (lot < 0.35) draw.pick(workers).killAt(draw.between(1, touches));
    else if (lot < 0.5) coordinator.machine.killAt(draw.between(1, touches));
    else if (lot < 0.62) draw.pick(clients).killAt(draw.between(1, touches));
    else if (lot < 0.9) {
      faults.count("partition");
      const { name } = draw.pick(machines);
      const other = draw.chance(0.5) ? draw.pick(machines).name : undefined;
      const forMs = draw.between(1_000, 90_000);
      note(() => `${name} is cut off from ${other ?? "all"} for ${forMs} ms`);
      network.cut(name, other, forMs);
    } else {
      faults.count("database_away");
      coordinator.loseDatabase(scheduler.now + draw.between(500, 40_000));
    }
  }

  const strikeLater = () => {
    const pauseMs = -Math.log(1 - draw.fraction()) * faults.shares.blowEveryMs;
    scheduler.at(pauseMs, "chaos", () => {
      if (faults.areOver) return;
      strike();
      strikeLater();
    });
  };
  strikeLater();
}

/** Cuts the coordinator off from everybody. @returns for how long, ms */
export function beginLongOutage({ network, faults, random, note }: World): number {
  const forMs = random.fork("outage").pick(outageHours) * hourMs;
  faults.count("long_outage");
  note(() => `the coordinator is away for ${forMs / hourMs} hours`);
  network.cut(coordinatorName, undefined, forMs);
  return forMs;
}
