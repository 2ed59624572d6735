import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../cluster.ts';
import { PIPELINES } from '../history.ts';
import type { Member } from '../member.ts';
import { LANES, endsOf, holding, type Fault } from './fault.ts';

const GROUPS = ['ingest', ...LANES] as const;
const OUTAGE_BEFORE_CRASH_MS = 4_000;
/** How often a member joins or leaves while a group is rebalanced. */
const CHURN_MS = 2_000;

/** SIGKILL, as from the kernel; a supervisor starts it again. */
const kill = (kind: string, targets: readonly string[]): Fault => ({
  kind, targets, seconds: [2, 5], holds: (group) => [holding.processes(group)],
  inject: (cluster, group) => cluster.fleet.killGroup(group),
  heal: async (cluster, group) => cluster.fleet.startGroup(group),
});

/** SIGSTOP of one member, long enough to lose its place in the group now and then. */
const suspend = (kind: string, targets: readonly string[]): Fault => ({
  kind, targets, seconds: [6, 14], holds: (group) => [holding.processes(group)],
  inject: async (cluster, group) => cluster.fleet.first(group).suspend(),
  heal: async (cluster, group) => cluster.fleet.first(group).proceed(),
});

/** The lane's destination takes no documents (its books it does); then all that holds the waiting batches dies. */
const crashInOutage: Fault = {
  kind: 'crash-in-outage', targets: LANES, seconds: [7, 10],
  holds: (lane) => [holding.processes(lane), holding.indices(endsOf(lane).destination), holding.server(`elasticsearch-${endsOf(lane).destination}`)],
  inject: async (cluster, lane) => {
    await blockWrites(cluster, lane, true);
    await sleep(OUTAGE_BEFORE_CRASH_MS);
    await cluster.fleet.killGroup(lane);
  },
  heal: async (cluster, lane) => {
    cluster.fleet.startGroup(lane);
    await blockWrites(cluster, lane, null);
  },
};

async function blockWrites(cluster: Cluster, lane: string, blocked: true | null): Promise<void> {
  const pattern = PIPELINES.map((pipeline) => `${cluster.config.prefix}${pipeline}-*`).join(',');
  await cluster.search(endsOf(lane).destination).call('PUT', `/${pattern}/_settings`, { 'index.blocks.write': blocked });
}

/** A region's Kafka is cut off; ingest dies meanwhile and must resume rightly for both regions. */
const ingestCrashInCut: Fault = {
  kind: 'ingest-crash-in-cut', targets: ['west', 'east'], seconds: [18, 22],
  holds: (region) => [holding.processes('ingest'), holding.line(`kafka-${region}`)],
  inject: async (cluster, region) => {
    await cluster.line(`kafka-${region}`).set('refuse');
    await sleep(2 * OUTAGE_BEFORE_CRASH_MS);
    await cluster.fleet.killGroup('ingest');
    cluster.fleet.startGroup('ingest');
  },
  heal: (cluster, region) => cluster.line(`kafka-${region}`).set('pass'),
};

/** Guests come and go until the fault is healed. */
class Churn {
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  start(cluster: Cluster, group: string): void {
    this.#stopped = false;
    this.#running = this.#churn(cluster, group);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #churn(cluster: Cluster, group: string): Promise<void> {
    const guests: Member[] = [];
    for (let round = 0; !this.#stopped; round += 1) {
      if (round % 2 === 0) guests.push(cluster.fleet.join(group));
      else await guests.pop()?.stop();
      await guests.at(-1)?.ready;
      await sleep(CHURN_MS);
    }
    await Promise.all(guests.map((guest) => guest.stop()));
  }
}

function rebalance(kind: string, targets: readonly string[]): Fault {
  const churn = new Churn();
  return {
    kind, targets, seconds: [14, 20], holds: (group) => [holding.processes(group), kind],
    inject: async (cluster, group) => churn.start(cluster, group),
    heal: () => churn.stop(),
  };
}

/** Groups that a storm of rebalances hits, all at the same time, for as long as it lasts. */
const STORMY = ['ingest', 'west-west', 'east-west'] as const;
export const stormFaults: readonly Fault[] = STORMY.map((group) => rebalance(`storm-${group}`, [group]));

export const processFaults: readonly Fault[] = [
  kill('kill-ingest', ['ingest']),
  kill('kill-processor', LANES),
  suspend('suspend-ingest', ['ingest']),
  suspend('suspend-processor', GROUPS.slice(1)),
  crashInOutage,
  ingestCrashInCut,
  rebalance('rebalance-ingest', ['ingest']),
  rebalance('rebalance-processors', LANES),
];
