import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DASHBOARDS } from '../../src/monitor/prometheus/dashboards.ts';
import { RECORDINGS } from '../../src/monitor/prometheus/expressions.ts';
import { openRegionLog } from '../../src/main/connections.ts';
import { regionalTopicOf } from '../../src/domain/pipeline.ts';
import { hasCommand } from '../support/command.ts';
import { install, SILENT, type Installation } from '../support/live.ts';
import { runSluice, startProcess, type SluiceProcess } from '../support/processes.ts';
import { startPrometheus, type RunningPrometheus } from '../support/prometheus.ts';
import { waitFor } from '../support/wait.ts';

const RULES = fileURLToPath(new URL('../../docs/prometheus/sluice.rules.yml', import.meta.url));

describe.skipIf(!hasCommand('prometheus', 'apt-get install prometheus'))('Prometheus', () => {
  let site: Installation;
  let prometheus: RunningPrometheus | null;
  const processes: SluiceProcess[] = [];

  beforeEach(async () => {
    prometheus = null;
    site = await install({ heartbeats: { everyMs: 1_000 }, monitor: { intervalMs: 1_000, leaseMs: 3_000 } });
  });
  afterEach(async () => {
    await prometheus?.close();
    await Promise.all(processes.splice(0).map((each) => each.end('SIGKILL')));
    await site.remove();
  });

  /** A record that no lane can read: one failure of each lane that reads it. */
  async function sendJunk(): Promise<void> {
    for (const region of ['west', 'east']) {
      const producer = openRegionLog(site.config, region, SILENT).producer({ compression: 'none', deliveryTimeoutMs: 10_000 });
      await producer.send([{ topic: regionalTopicOf(site.config.prefix, 'sold-items'), key: null, value: Buffer.from('no document') }]);
      await producer.close();
    }
  }

  it('takes what every process tells: no query of a dashboard is empty, no rule is broken', async () => {
    for (const args of [['monitor'], ['ingest'], ...['west-west', 'west-east', 'east-west', 'east-east'].map((lane) => ['process', '--lane', lane]), ['audit', '--continuous', '--recent-every', '5s']]) processes.push(await startProcess(site.configFile, args));
    prometheus = await startPrometheus(processes.map(({ url }) => url), RULES);
    const sent = await runSluice(site.configFile, ['generate', '--pipeline', 'sold-items', '--count', '300', '--corrupt', '0.1', '--rate', '100/s']);
    expect(sent.code, sent.err).toBe(0);
    await sendJunk();
    const { query, url } = prometheus;
    const wanted = [...DASHBOARDS.flatMap(({ panels }) => panels.flatMap(({ queries }) => Object.values(queries))), ...Object.keys(RECORDINGS)];
    const empty = new Set(wanted);
    await waitFor(async () => {
      for (const expr of empty) if ((await query(expr)).length > 0) empty.delete(expr);
      return empty.size === 0;
    }, { timeoutMs: 180_000, what: 'every query to give something' }).catch(() => undefined);
    expect([...empty]).toEqual([]);
    const { data } = await (await fetch(`${url}/api/v1/rules`)).json() as { data: { groups: { rules: { name: string; lastError?: string; health: string }[] }[] } };
    expect(data.groups.flatMap(({ rules }) => rules).filter(({ health }) => health === 'err')).toEqual([]);
    expect(await query('ALERTS{alertstate="firing", rule=~"monitor-.*|process-down"}')).toEqual([]);
    const killed = new URL(String(processes[1]?.url)).host;
    await processes[1]?.end('SIGKILL');
    await waitFor(async () => (await query('up == 0')).some(({ metric }) => metric['instance'] === killed), { what: 'the killed process to be missed' });
  });
});
