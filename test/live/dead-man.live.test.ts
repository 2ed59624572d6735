import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAlertmanager } from '../support/alertmanager.ts';
import { hasCommand } from '../support/command.ts';
import { startHttpStub, type HttpStub } from '../support/http-stub.ts';
import { install, type Installation } from '../support/live.ts';
import { startProcess, type SluiceProcess } from '../support/processes.ts';
import { waitFor } from '../support/wait.ts';

/** An alert that is not told again for four times this has ended, ms. */
const REPEAT_MS = 1_000;

describe.skipIf(!hasCommand('prometheus-alertmanager', 'apt-get install prometheus-alertmanager'))('the dead-man\'s switch', () => {
  let hook: HttpStub;
  let manager: { readonly url: string; close(): Promise<void> };
  let site: Installation;
  const processes: SluiceProcess[] = [];

  beforeEach(async () => {
    hook = await startHttpStub();
    manager = await startAlertmanager(hook.url);
    site = await install({ monitor: { intervalMs: 500, leaseMs: 3_000, channels: { alertmanager: { main: { url: manager.url, repeatMs: REPEAT_MS } } } } });
  });
  afterEach(async () => {
    await Promise.all(processes.splice(0).map((each) => each.end('SIGKILL')));
    await site.remove();
    await manager.close();
    await hook.close();
  });

  async function start(): Promise<SluiceProcess> {
    const started = await startProcess(site.configFile, ['monitor']);
    processes.push(started);
    return started;
  }
  async function isAlive(): Promise<boolean> {
    const alerts = await (await fetch(`${manager.url}/api/v2/alerts?filter=alertname=monitor-alive`)).json() as unknown[];
    return alerts.length > 0;
  }

  it('is held by whichever monitor is active; when none is left, Alertmanager misses it', async () => {
    const first = await start();
    await waitFor(isAlive, { timeoutMs: 30_000, what: 'Alertmanager to know that a monitor lives' });
    const second = await start();
    await first.end('SIGKILL');
    await waitFor(async () => ((await (await fetch(`${second.url}/status`)).json()) as { parts: { monitor: { active: boolean } } }).parts.monitor.active, { timeoutMs: 30_000, what: 'the other monitor to take over' });
    await waitFor(isAlive, { timeoutMs: 30_000, what: 'it to be told by the other one' });
    await second.end('SIGKILL');
    await waitFor(async () => !(await isAlive()), { timeoutMs: 30_000, what: 'Alertmanager to miss it' });
    await waitFor(() => hook.seen.some(({ body }) => body.includes('monitor-alive') && body.includes('"status":"resolved"')), { timeoutMs: 30_000, what: 'its end to be passed on' });
    expect(hook.seen.length).toBeGreaterThan(0);
  });
});
