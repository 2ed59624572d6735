import { expect, it } from 'vitest';
import { ALIVE, Dispatcher } from '../../../src/monitor/alerts/dispatch.ts';
import type { AlertMessage } from '../../../src/ports/alert-channel.ts';
import { ManualClock } from '../../support/manual-clock.ts';

it('a monitor that lives says so, again and again, to the channels that want it and to no other', async () => {
  const clock = new ManualClock();
  const told: string[] = [];
  const channel = (name: string) => ({ send: async ({ alerts }: AlertMessage) => { told.push(...alerts.map(({ rule }) => `${name}: ${rule}`)); }, close: async () => {} });
  const policy = (name: string) => ({ name, repeatMs: 60_000, groupIntervalMs: 0, perMinute: 30, severity: 'info' as const });
  const dispatcher = new Dispatcher({ channels: [{ channel: channel('manager'), policy: policy('manager'), heartbeat: true }, { channel: channel('chat'), policy: policy('chat'), heartbeat: false }], installation: '', runbook: () => null, clock, onSent: () => {} });
  for (let look = 0; look < 25; look += 1) {
    dispatcher.offer([], clock.now());
    await clock.advance(5_000);
  }
  expect(told).toEqual(Array(3).fill(`manager: ${ALIVE}`));
  await dispatcher.close([]);
});
