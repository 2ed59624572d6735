import type { Cluster } from '../cluster.ts';
import type { Plannable } from '../schedule.ts';

/** A kind of fault: how it is done to a target, and how it is undone. */
export interface Fault extends Plannable {
  inject(cluster: Cluster, target: string): Promise<void>;
  heal(cluster: Cluster, target: string): Promise<void>;
}

/** Names of what faults hold, so that two do not meddle with the same thing. */
export const holding = {
  line: (server: string) => `line ${server}`,
  server: (server: string) => `server ${server}`,
  processes: (group: string) => `processes ${group}`,
  answers: (region: string) => `answers ${region}`,
  indices: (region: string) => `indices ${region}`,
  clock: (group: string) => `clock ${group}`,
  names: (group: string) => `names ${group}`,
};

export const LANES = ['west-west', 'west-east', 'east-east', 'east-west'] as const;
export const SEARCHES = ['elasticsearch-west', 'elasticsearch-east'] as const;

/** `elasticsearch-west` → `west`. */
export function regionOf(server: string): string {
  return server.slice(server.indexOf('-') + 1);
}

/** Where a lane reads, and where it writes. */
export function endsOf(lane: string): { readonly source: string; readonly destination: string } {
  const [source = '', destination = ''] = lane.split('-');
  return { source, destination };
}
