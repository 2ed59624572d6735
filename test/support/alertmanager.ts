import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from './wait.ts';

/** A real Alertmanager on this machine that routes everything of Sluice to `receiver`, and nothing else anywhere. */
export async function startAlertmanager(receiver: string): Promise<{ readonly url: string; close(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-alertmanager-'));
  writeFileSync(join(folder, 'config.yml'), JSON.stringify({
    route: { receiver: 'nobody', routes: [{ receiver: 'hook', matchers: ['service="sluice"'], group_by: ['alertname'], group_wait: '0s', group_interval: '1s', repeat_interval: '1h' }] },
    receivers: [{ name: 'nobody' }, { name: 'hook', webhook_configs: [{ url: receiver, send_resolved: true }] }],
  }));
  const port = await freePort();
  const child = spawn('prometheus-alertmanager', [`--config.file=${join(folder, 'config.yml')}`, `--storage.path=${folder}`, `--web.listen-address=127.0.0.1:${port}`, '--cluster.listen-address='], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${url}/-/ready`)).ok, { what: 'Alertmanager to be ready' });
  return { url, close: async () => { child.kill('SIGKILL'); await exited; rmSync(folder, { recursive: true, force: true }); } };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}
