import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../src/stack/ports.ts';
import { waitFor } from './wait.ts';

/** A real Prometheus on this machine that scrapes some addresses every second. */
export interface RunningPrometheus {
  readonly url: string;
  /** Series that a query gives now. */
  query(expr: string): Promise<{ readonly metric: Readonly<Record<string, string>>; readonly value: readonly [number, string] }[]>;
  close(): Promise<void>;
}

export async function startPrometheus(targets: readonly string[], ruleFile: string): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-prometheus-'));
  const config = { global: { scrape_interval: '1s', evaluation_interval: '1s' }, rule_files: [ruleFile], scrape_configs: [{ job_name: 'sluice', static_configs: [{ targets: targets.map((target) => new URL(target).host) }] }] };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const [port] = await freePorts(1);
  const child = spawn('prometheus', [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  await waitFor(async () => (await fetch(`${url}/-/ready`)).ok, { timeoutMs: 60_000, what: 'Prometheus to be ready' });
  return {
    url,
    query: async (expr) => {
      const answer = await (await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expr }).toString()}`)).json() as { status: string; error?: string; data?: { result: { metric: Record<string, string>; value: [number, string] }[] } };
      if (answer.status !== 'success') throw new Error(`${expr}: ${answer.error}`);
      return answer.data?.result ?? [];
    },
    close: async () => { child.kill('SIGKILL'); await exited; rmSync(folder, { recursive: true, force: true }); },
  };
}
