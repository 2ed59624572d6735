import { readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { soldItems } from '../../pipelines/sold-items/pipeline.ts';
import { indexNameOf } from '../../src/domain/index-name.ts';
import { regionalTopicOf, sourceTopicOf } from '../../src/domain/pipeline.ts';
import { openRegionLog, openSource } from '../../src/main/connections.ts';
import { AllSurroundings, hostOf, SURROUNDINGS_ENV } from '../chaos/surroundings.ts';
import { install, SILENT, type Installation } from '../support/live.ts';
import { startProcess, type SluiceProcess } from '../support/processes.ts';
import { waitFor } from '../support/stack.ts';

const HOOK = new URL('../chaos/surroundings-hook.ts', import.meta.url).href;
const HOUR_MS = 3_600_000;
const SOLD_AT = Date.UTC(2026, 10, 3);
const GROUP = 'host';

/** Real processes on real servers, on a host whose clock is wrong or whose name service is gone. */
describe('a host in trouble', () => {
  let site: Installation;
  let surroundings: AllSurroundings;
  const processes: SluiceProcess[] = [];

  beforeEach(async () => {
    site = await install();
    surroundings = new AllSurroundings(dirname(site.configFile));
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((each) => each.end('SIGKILL')));
    await site.remove();
  });

  async function start(configFile: string, ...args: string[]): Promise<SluiceProcess> {
    const started = await startProcess(configFile, args, { nodeOptions: ['--import', HOOK], env: { [SURROUNDINGS_ENV]: surroundings.fileOf(GROUP) } });
    processes.push(started);
    return started;
  }

  /** The configuration with names in place of addresses. */
  function named(): string {
    const config = readFileSync(site.configFile, 'utf8').replaceAll('127.0.0.1', hostOf('server'));
    const path = `${site.configFile}.named.yaml`;
    writeFileSync(path, stringify(parse(config)));
    return path;
  }

  const index = (): string => indexNameOf(`${site.config.prefix}sold-items`, soldItems.index.period, SOLD_AT);

  async function emit(listingId: string): Promise<void> {
    const { event } = JSON.parse(readFileSync(new URL('../../pipelines/sold-items/fixtures/sold.json', import.meta.url), 'utf8')) as { event: Record<string, unknown> };
    const value = Buffer.from(JSON.stringify({ ...event, listingId, soldAt: SOLD_AT }));
    const producer = openSource(site.config, SILENT).producer({ compression: 'none', deliveryTimeoutMs: 30_000 });
    await producer.send([{ topic: sourceTopicOf(site.config.prefix, 'sold-items'), key: Buffer.from(listingId), value }]);
    await producer.close();
  }

  async function indexed(count: number): Promise<void> {
    await waitFor(async () => (await site.search('west', `${index()}*`)).length === count, { what: `${count} documents in west`, timeoutMs: 60_000 });
  }

  it('whose clock jumps ahead and back, further than brokers take and than topics keep, loses nothing', async () => {
    await start(site.configFile, 'ingest');
    await start(site.configFile, 'process', '--lane', 'west-west');
    const jumps = [2 * HOUR_MS, -2 * HOUR_MS, 40 * 24 * HOUR_MS, -40 * 24 * HOUR_MS];
    for (const [at, clockMs] of jumps.entries()) {
      surroundings.set(GROUP, { clockMs });
      await emit(`30000000000${at}`);
      await indexed(at + 1);
    }
    expect(await site.search('west', `${site.config.prefix}sluice-failures`)).toEqual([]);
    await expectBrokerTime();
  });

  /** A record that bears the time of a clock that is far behind is the first that retention removes. */
  async function expectBrokerTime(): Promise<void> {
    const log = openRegionLog(site.config, 'west', SILENT);
    const [admin, reader] = [log.admin(), log.reader()];
    for (const { topic, partition, earliest, latest } of await admin.ranges([regionalTopicOf(site.config.prefix, 'sold-items')])) if (latest > earliest) reader.seek({ topic, partition, offset: earliest });
    const blocks = await reader.poll({ maxBytes: 1_000_000, maxWaitMs: 60_000 });
    await Promise.all([admin.close(), reader.close()]);
    expect(blocks).not.toEqual([]);
    for (const block of blocks) for (let at = 0; at < block.count; at += 1) expect(Math.abs(Date.now() - block.timestamp(at))).toBeLessThan(HOUR_MS);
  }

  it('that finds no names says so, and goes on when they are found again', async () => {
    const ingest = await startProcess(site.configFile, ['ingest']);
    processes.push(ingest);
    const lane = await start(named(), 'process', '--lane', 'west-west');
    await emit('300000000010');
    await indexed(1);
    surroundings.set(GROUP, { names: false });
    await emit('300000000011');
    expect(await reasonsOf(lane, 'EAI_AGAIN')).toContain(hostOf('server'));
    surroundings.set(GROUP, { names: true });
    await indexed(2);
    await waitFor(async () => (await fetch(new URL('/readyz', lane.url))).ok, { what: 'the lane to be ready' });
  });

  it('that finds no names when it starts waits for them', async () => {
    surroundings.set(GROUP, { names: false });
    const lane = await start(named(), 'process', '--lane', 'west-west');
    expect(await reasonsOf(lane, 'not connected to Kafka')).toContain('starting');
    surroundings.set(GROUP, { names: true });
    await waitFor(async () => (await fetch(new URL('/readyz', lane.url))).ok, { what: 'the lane to be ready', timeoutMs: 60_000 });
  });

  async function reasonsOf(process: SluiceProcess, part: string): Promise<string> {
    return waitFor(async () => {
      const answer = await fetch(new URL('/readyz', process.url));
      const text = answer.status === 503 ? await answer.text() : '';
      return text.includes(part) ? text : null;
    }, { what: `/readyz to say "${part}"`, timeoutMs: 60_000 });
  }
});
