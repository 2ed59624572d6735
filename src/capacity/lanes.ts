import { largest, line, minus, over, plus, roundUp, same, times, type Line } from './expression.ts';
import { PARTITIONS_A_HOST, PROCESS_BASE, PROCESS_BUDGET, PROCESS_HEAP, SPARE_HOSTS } from './limits.ts';
import type { Measured } from './measured.ts';
import type { Rates } from './rates.ts';
import type { Given, Workload } from './workload.ts';

const MILLION = 1_000_000;

/** What every lane into the cluster needs. Keys in the order of the calculation. */
export interface Lanes {
  readonly sizeFactor: Line;
  readonly planned: Line;
  /** The busiest host has one partition more than its share. */
  readonly uneven: Line;
  readonly working: Line;
  readonly needed: Line;
  readonly hosts: Line;
  readonly partitions: Line;
  readonly left: Line;
  readonly busiest: Line;
  readonly busiestRate: Line;
  readonly cores: Line;
  readonly lanes: Line;
  readonly allHosts: Line;
}

/** One process a host and lane; a partition is read by one process at a time. */
export function lanesOf({ documentBytes, use, regions }: Workload, given: Given, { measuredDocumentBytes, laneRate, laneCpu }: Measured, { catchUp }: Rates): Lanes {
  const sizeFactor = line('size factor', '', largest(1, over(documentBytes, measuredDocumentBytes)));
  const planned = line('planned rate of a process', 'documents/s', over(times(laneRate, use), sizeFactor));
  const uneven = line('unevenness', '', over(plus(PARTITIONS_A_HOST, 1), PARTITIONS_A_HOST));
  const working = line('processes that catch up', 'processes', roundUp(over(times(catchUp, uneven), planned)));
  const needed = line('hosts that a lane needs', 'hosts', plus(working, SPARE_HOSTS));
  const hosts = given.hosts ?? line('hosts of a lane', 'hosts', same(needed));
  const partitions = line('partitions of a topic', 'partitions', times(hosts, PARTITIONS_A_HOST));
  const left = line('hosts left when one is lost', 'hosts', largest(1, minus(hosts, SPARE_HOSTS)));
  const busiest = line('partitions of the busiest host then', 'partitions', roundUp(over(partitions, left)));
  const busiestRate = line('catch-up rate of the busiest host then', 'documents/s', over(times(catchUp, busiest), partitions));
  const cores = line('cores of a lane at the catch-up rate', 'cores', over(times(catchUp, laneCpu, sizeFactor), MILLION));
  const lanes = line('lanes of all regions', 'lanes', times(regions, regions));
  const allHosts = line('lane processes of all regions', 'processes', times(lanes, hosts));
  return { sizeFactor, planned, uneven, working, needed, hosts, partitions, left, busiest, busiestRate, cores, lanes, allHosts };
}

/** A processor: the bound of its memory, or what was seen, whichever is more. */
export interface Memory { readonly bound: Line; readonly memory: Line }

export function memoryOf({ laneMib }: Measured): Memory {
  const bound = line('bound of a process', 'MiB', plus(PROCESS_BASE, PROCESS_HEAP, PROCESS_BUDGET));
  return { bound, memory: line('memory of a process', 'MiB', largest(bound, laneMib)) };
}

/** The ingest of all regions: each event is enriched once. */
export interface Ingest { readonly cores: Line; readonly hosts: Line }

export function ingestOf({ use }: Workload, { ingestCpu }: Measured, { catchUp }: Rates, { sizeFactor }: Lanes): Ingest {
  const cores = line('cores of ingest at the catch-up rate', 'cores', over(times(catchUp, ingestCpu, sizeFactor), MILLION));
  return { cores, hosts: line('hosts of ingest', 'hosts', plus(roundUp(over(cores, use)), SPARE_HOSTS)) };
}
