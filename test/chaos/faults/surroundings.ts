import { LANES, holding, type Fault } from './fault.ts';

const GROUPS = ['ingest', ...LANES] as const;
const HOUR_MS = 3_600_000;
/** Further than brokers take, further than topics keep records: ahead and behind. */
const JUMPS_MS = [2 * HOUR_MS, -2 * HOUR_MS, -40 * 24 * HOUR_MS, 40 * 24 * HOUR_MS];

/** The wall clock of a group's host jumps, and later jumps back. */
function clockJump(): Fault {
  let jumps = 0;
  return {
    kind: 'clock-jump', targets: GROUPS, seconds: [6, 12], holds: (group) => [holding.clock(group)],
    inject: async (cluster, group) => cluster.surroundings.set(group, { clockMs: JUMPS_MS[jumps++ % JUMPS_MS.length] ?? 0 }),
    heal: async (cluster, group) => cluster.surroundings.set(group, { clockMs: 0 }),
  };
}

/** No server's name is found any more, and the connections that stood are gone. */
const namesFail: Fault = {
  kind: 'names-fail', targets: GROUPS, seconds: [6, 12], holds: (group) => [holding.names(group)],
  inject: async (cluster, group) => cluster.surroundings.set(group, { names: false }),
  heal: async (cluster, group) => cluster.surroundings.set(group, { names: true }),
};

export const surroundingFaults: readonly Fault[] = [clockJump(), namesFail];
