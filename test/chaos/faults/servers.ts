import { KAFKAS } from '../cluster.ts';
import { SEARCHES, holding, type Fault } from './fault.ts';

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

export const serverFaults: readonly Fault[] = [
  kill('kill-broker', KAFKAS),
  kill('kill-elasticsearch', SEARCHES),
  suspend('suspend-broker', KAFKAS),
  suspend('suspend-elasticsearch', SEARCHES),
];
