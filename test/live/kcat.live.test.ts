import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectKafka } from '../../src/adapters/kafka/connect.ts';
import type { RecordLog } from '../../src/ports/record-log.ts';
import { hasCommand } from '../support/command.ts';
import { testEndpoints, uniquePrefix, waitFor } from '../support/stack.ts';

const run = promisify(execFile);

/** librdkafka as an independent witness: what we write, others read, and the other way round. */
describe.skipIf(!hasCommand('kcat', 'apt-get install kcat'))('kcat', () => {
  const topic = `${uniquePrefix()}witness`;
  let brokers: string[];
  let log: RecordLog;

  beforeAll(async () => {
    brokers = (await testEndpoints()).source.brokers;
    log = connectKafka({ client: 'platformatic', brokers, clientId: 'kcat-test', requestTimeoutMs: 10_000, connectTimeoutMs: 5_000 }, { onWarning: () => {} });
    const admin = log.admin();
    await admin.ensureTopics([{ name: topic, partitions: 3, replicas: 1 }]);
    await admin.close();
  });
  afterAll(async () => {
    const admin = log.admin();
    await admin.deleteTopics([topic]);
    await admin.close();
  });

  it.each(['none', 'lz4', 'zstd'] as const)('reads what we write with %s: keys, headers, values, timestamps', async (compression) => {
    const producer = log.producer({ compression, deliveryTimeoutMs: 30_000 });
    await producer.send([{ topic, key: Buffer.from(compression), value: Buffer.from(`value ${compression} é`), headers: new Map([['h', Buffer.from('1')]]), timestamp: 1_795_000_000_000 }]);
    await producer.close();
    const { stdout } = await run('kcat', ['-b', brokers.join(','), '-C', '-t', topic, '-e', '-q', '-f', '%k|%h|%s|%T\n']);
    expect(stdout.split('\n')).toContain(`${compression}|h=1|value ${compression} é|1795000000000`);
  });

  it('writes what we read, and puts a key where we put it', async () => {
    const child = spawn('kcat', ['-b', brokers.join(','), '-P', '-t', topic, '-K', '|', '-X', 'topic.partitioner=murmur2', '-H', 'h=2'], { stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.end('lz4|from kcat\n');
    await once(child, 'exit');
    const reader = log.reader();
    for (const partition of [0, 1, 2]) reader.seek({ topic, partition, offset: 0 });
    const found: { partition: number; value: string; header: string | undefined }[] = [];
    await waitFor(async () => {
      for (const block of await reader.poll({ maxBytes: 1_000_000, maxWaitMs: 200 })) {
        for (let at = 0; at < block.count; at += 1) if (block.key(at)?.toString() === 'lz4') found.push({ partition: block.partition, value: String(block.value(at)), header: block.header(at, 'h')?.toString() });
      }
      return found.length === 2;
    }, { what: 'both records of the key' });
    await reader.close();
    expect(found[0]?.partition).toBe(found[1]?.partition);
    expect(found).toContainEqual({ partition: found[0]?.partition, value: 'from kcat', header: '2' });
  });
});
