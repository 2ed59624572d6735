import { waitFor } from '../test/support/wait.ts';
import { DETECT_FAULTS, type DetectFault } from './detect/faults.ts';
import { openDetectSite, type DetectSite } from './detect/site.ts';
import { extraIn, openIn, toldTo } from './detect/told.ts';
import { rounded } from './statistics.ts';

/** After a start everything must be well for so long before the first fault, ms. */
const QUIET_MS = 45_000;

export interface DetectOptions {
  /** Only these faults; empty: all. */
  readonly only: readonly string[];
  readonly say: (line: string) => void;
}

interface Detected {
  readonly fault: string;
  readonly limitSeconds: number;
  /** From the fault to the first right alert at the webhook; null: none came. */
  readonly detectSeconds: number | null;
  /** From the healing to the end of every alert at the webhook; null: not within the fault's limit. */
  readonly resolveSeconds: number | null;
  readonly told: readonly string[];
  /** Alerts that nobody wanted. */
  readonly extra: readonly string[];
  readonly ok: boolean;
}

/** Each fault on real servers and processes: how long until the right alert is told, what else is told, how long until it is over. */
export async function benchDetect({ only, say }: DetectOptions): Promise<Record<string, unknown>> {
  const site = await openDetectSite(say);
  try {
    const before = await quiet(site, say);
    const faults: Detected[] = [];
    for (const fault of DETECT_FAULTS.filter(({ name }) => only.length === 0 || only.includes(name))) {
      faults.push(await measure(site, fault, say));
      say(JSON.stringify(faults.at(-1)));
    }
    const takeoverSeconds = await takeOver(site);
    return { bench: 'detect', ok: faults.every(({ ok }) => ok) && before.length === 0, toldWhileWell: before, faults, takeoverSeconds };
  } finally {
    await site.close();
  }
}

/** What is told of an installation that is well. */
async function quiet(site: DetectSite, say: (line: string) => void): Promise<string[]> {
  say('everything runs: nothing may be told');
  await new Promise((resolve) => { setTimeout(resolve, QUIET_MS); });
  return toldTo(site.hook).map(({ key }) => key);
}

async function measure(site: DetectSite, fault: DetectFault, say: (line: string) => void): Promise<Detected> {
  await fault.prepare?.(site);
  say(`fault: ${fault.name}`);
  const from = toldTo(site.hook).length;
  const since = () => toldTo(site.hook).slice(from);
  const injected = performance.now();
  await fault.inject(site);
  const found = () => since().some(({ rule, state }) => state === 'firing' && fault.rules.includes(rule));
  const detectSeconds = await secondsUntil(found, injected, 2 * fault.limitSeconds * 1_000);
  const healed = performance.now();
  await fault.heal(site);
  const resolveSeconds = await secondsUntil(() => openIn(since()).length === 0, healed, fault.resolveLimitSeconds * 1_000);
  const extra = extraIn(since(), fault.rules);
  const ok = detectSeconds !== null && detectSeconds <= fault.limitSeconds && extra.length === 0 && resolveSeconds !== null;
  const told = [...new Set(since().filter(({ state }) => state === 'firing').map(({ key }) => key))];
  return { fault: fault.name, limitSeconds: fault.limitSeconds, detectSeconds, resolveSeconds, told, extra, ok };
}

async function secondsUntil(condition: () => boolean, from: number, timeoutMs: number): Promise<number | null> {
  try {
    await waitFor(condition, { timeoutMs, what: 'it' });
    return rounded((performance.now() - from) / 1_000, 1);
  } catch {
    return null;
  }
}

/** How long after the active monitor was killed the other one is active. */
async function takeOver({ processes }: DetectSite): Promise<number | null> {
  const names = ['monitor-1', 'monitor-2'];
  const active = await waitFor(async () => (await Promise.all(names.map(async (name) => ((await isActive(processes.get(name)?.url ?? '')) ? name : null)))).find((name) => name !== null), { what: 'an active monitor' });
  const other = names.find((name) => name !== active) as string;
  const killed = performance.now();
  await processes.get(active)?.end('SIGKILL');
  await waitFor(() => isActive(processes.get(other)?.url ?? ''), { timeoutMs: 60_000, what: 'the other monitor to take over' });
  return rounded((performance.now() - killed) / 1_000, 1);
}

async function isActive(url: string): Promise<boolean> {
  const { parts } = await (await fetch(`${url}/status`)).json() as { parts: { monitor: { active: boolean } } };
  return parts.monitor.active;
}
