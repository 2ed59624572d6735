import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Installation, JavaCall, Place, ServerKind } from '../server-kind.ts';

const HEAP = '256m';
const MAX_MESSAGE_BYTES = 8 * 1024 * 1024;
const RETENTION_HOURS = 168;
/** Few partitions of the internal topics: each costs files and time at the start. */
const INTERNAL_PARTITIONS = 5;
const SESSION_MS = 4_000;
/** For compacting logs. The default, 128 MiB, would be half of the heap for good: full collections, and everyone waiting for them, every few seconds. */
const DEDUPE_BYTES = 4 * 1024 * 1024;
const STARTED = 'Kafka Server started';

/** Apache Kafka in KRaft mode: one node that is broker and controller. */
export const kafka: ServerKind = {
  kind: 'kafka',
  sources: 'stack/kafka',
  ports: ['broker', 'controller'],
  containerPort: 9092,
  prepare: async (place) => writeFile(join(place.folder, 'server.properties'), serverProperties(place)),
  format: (place, installation) => ({
    ...call(installation, ['-Xmx128m']),
    main: 'kafka.tools.StorageTool',
    arguments: ['format', '-t', randomBytes(16).toString('base64url').replace(/^-/, 'A'), '-c', join(place.folder, 'server.properties')],
  }),
  launch: (place, installation) => ({
    ...call(installation, [`-Xmx${HEAP}`]),
    main: 'kafka.Kafka',
    arguments: [join(place.folder, 'server.properties')],
  }),
  isReady: (_place, log) => Promise.resolve(log.includes(STARTED)),
  address: (port) => `127.0.0.1:${port}`,
};

function call(installation: Installation, heap: string[]): Pick<JavaCall, 'jvm' | 'classPath'> {
  const log4j = `-Dlog4j2.configurationFile=${join(installation.folder, 'sources', 'log4j2.xml')}`;
  // A broker is done compiling soon with the first compiler alone, which leaves the processors to what is tested.
  return { jvm: [...heap, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', log4j], classPath: installation.jars };
}

/** The settings of a broker that other programs test against: small, quick, and no topic by accident. */
export function serverProperties({ folder, ports, proxied }: Pick<Place, 'folder' | 'ports' | 'proxied'>): string {
  const [broker, controller] = ports;
  const door = (port: number | undefined, host = '127.0.0.1'): string => (port === undefined ? '' : `,PROXIED://${host}:${port}`);
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${broker},CONTROLLER://127.0.0.1:${controller}${door(proxied?.listen)}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${broker}${door(proxied?.advertise, proxied?.host)}`,
    'inter.broker.listener.name': 'PLAINTEXT',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT',
    'log.dirs': join(folder, 'data'),
    'auto.create.topics.enable': false,
    'message.max.bytes': MAX_MESSAGE_BYTES,
    'replica.fetch.max.bytes': MAX_MESSAGE_BYTES,
    'log.retention.hours': RETENTION_HOURS,
    'log.cleaner.dedupe.buffer.size': DEDUPE_BYTES,
    // Two processors have to do for all servers: more threads wake each other up for nothing.
    'num.network.threads': 1,
    'num.io.threads': 2,
    // After a SIGKILL a broker is let in again only when its former session has run out (9 s by default).
    'broker.session.timeout.ms': SESSION_MS,
    'broker.heartbeat.interval.ms': SESSION_MS / 4,
    'group.initial.rebalance.delay.ms': 0,
    'offsets.topic.num.partitions': INTERNAL_PARTITIONS,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': INTERNAL_PARTITIONS,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.num.partitions': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
  };
  return Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join('');
}
