import { setTimeout as sleep } from 'node:timers/promises';
import { KAFKAS, type Cluster } from '../cluster.ts';
import { SEARCHES, holding, type Fault } from './fault.ts';

/** How a server stutters whose disk keeps it waiting: still for so long, then awake for so long. */
const STILL_MS = 600;
const AWAKE_MS = 250;

/** SIGKILL of a server; it comes back on the same data. */
const kill = (kind: string, targets: readonly string[]): Fault => ({
  kind, targets, seconds: [3, 8], holds: (server) => [holding.server(server)],
  inject: (cluster, server) => cluster.stack.kill(server, 'SIGKILL'),
  heal: (cluster, server) => cluster.stack.start(server),
});

/** SIGSTOP: connections stand and nothing answers. */
const suspend = (kind: string, targets: readonly string[]): Fault => ({
  kind, targets, seconds: [6, 14], holds: (server) => [holding.server(server)],
  inject: (cluster, server) => cluster.stack.kill(server, 'SIGSTOP'),
  heal: (cluster, server) => cluster.stack.kill(server, 'SIGCONT'),
});

/** SIGSTOP and SIGCONT in turn: every answer comes, late, as from a server on a disk that cannot follow. */
function slowDisk(kind: string, targets: readonly string[]): Fault {
  const ending = new Map<string, { stop: AbortController; over: Promise<void> }>();
  return {
    kind, targets, seconds: [8, 14], holds: (server) => [holding.server(server)],
    inject: async (cluster, server) => {
      const stop = new AbortController();
      ending.set(server, { stop, over: stutter(cluster, server, stop.signal) });
    },
    heal: async (cluster, server) => {
      ending.get(server)?.stop.abort();
      await ending.get(server)?.over;
      await cluster.stack.kill(server, 'SIGCONT');
    },
  };
}

async function stutter(cluster: Cluster, server: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await cluster.stack.kill(server, 'SIGSTOP');
    await sleep(STILL_MS);
    await cluster.stack.kill(server, 'SIGCONT');
    await sleep(AWAKE_MS);
  }
}

/** All brokers are restarted in good order, one after the other, as for an upgrade. */
const rollingRestart: Fault = {
  kind: 'restart-brokers', targets: ['brokers'], seconds: [1, 3], holds: () => KAFKAS.map(holding.server),
  inject: async (cluster) => {
    for (const server of KAFKAS) {
      await cluster.stack.stop(server);
      await cluster.stack.start(server);
    }
  },
  heal: async () => undefined,
};

export const serverFaults: readonly Fault[] = [
  kill('kill-broker', KAFKAS),
  kill('kill-elasticsearch', SEARCHES),
  suspend('suspend-broker', KAFKAS),
  suspend('suspend-elasticsearch', SEARCHES),
  slowDisk('slow-disk-broker', KAFKAS),
  slowDisk('slow-disk-elasticsearch', SEARCHES),
  rollingRestart,
];
