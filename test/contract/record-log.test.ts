import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join as pathOf } from 'node:path';
import { Admin } from '@platformatic/kafka';
import { connectKafka, type KafkaSettings } from '../../src/adapters/kafka/connect.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { testEndpoints, uniquePrefix } from '../support/stack.ts';
import { join } from './record-log.support.ts';
import { recordLogContract } from './record-log.contract.ts';
import type { RecordLogSubject } from './record-log.workbench.ts';

recordLogContract('in memory', openMemory, { silentOnLoss: true, handsNothingOver: true });
recordLogContract('@platformatic/kafka', () => openKafka('platformatic'));
recordLogContract('kafkajs', () => openKafka('kafkajs'), { rebalanceRevokesAll: true, handsNothingOver: true, waitsForUnknownTopics: true });

async function openMemory(): Promise<RecordLogSubject> {
  const log = new MemoryLog();
  return {
    log,
    prefix: 'memory.',
    warnings: [],
    trim: async (topic, partition, earliest) => log.trim({ topic, partition }, earliest),
    doomedMember: async (group, topic) => {
      const consumer = await join(log, group, [topic]);
      return async () => log.kill(consumer);
    },
    close: async () => {},
  };
}

async function openKafka(client: KafkaSettings['client']): Promise<RecordLogSubject> {
  const { regions } = await testEndpoints();
  const brokers = Object.values(regions)[0]?.kafka.brokers ?? [];
  const settings: KafkaSettings = { client, brokers, clientId: 'contract', requestTimeoutMs: 10_000, connectTimeoutMs: 5_000, metadataRefreshMs: 1_000 };
  const warnings: string[] = [];
  const admin = new Admin({ clientId: 'contract', bootstrapBrokers: brokers });
  return {
    log: connectKafka(settings, { onWarning: (message) => warnings.push(message) }),
    prefix: uniquePrefix(),
    warnings,
    trim: async (topic, partition, earliest) => { await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition, offset: BigInt(earliest) }] }] }); },
    doomedMember: (group, topic) => spawnMember({ settings, group, topic }),
    close: async () => { await admin.close(); },
  };
}

/** A member in a process of its own, so that it can die as processes do. */
async function spawnMember(argument: { settings: KafkaSettings; group: string; topic: string }): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [pathOf(import.meta.dirname, 'doomed-member.ts'), JSON.stringify(argument)], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return async () => {
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  };
}
