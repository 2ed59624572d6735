import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertChannel, AlertMessage, ToldAlert } from '../../src/ports/alert-channel.ts';
import { waitFor } from '../support/wait.ts';

/** What a receiver understood: of whom, and whether it is over. `about` is whatever tells two subjects apart. */
export interface Understood {
  readonly rule: string;
  readonly state: 'firing' | 'resolved';
  readonly identity: string;
}

export interface ChannelSubject {
  readonly channel: AlertChannel;
  received(): Understood[] | Promise<Understood[]>;
  /** How the receiver answers from now on; absent where that cannot be had. */
  answer?(how: 'later' | 'never' | 'hang'): void;
  /** Nobody listens any more; absent where that cannot be had. */
  vanish?(): Promise<void>;
  /** Must not be told in any error. */
  readonly secret?: string;
  close(): Promise<void>;
}

const AT = Date.now() - 60_000;

export function told(lane: string, changes: Partial<ToldAlert> = {}): ToldAlert {
  return {
    id: `id-${lane}`, key: `lane-held{lane="${lane}"}`, rule: 'lane-held', severity: 'critical', state: 'firing', labels: { lane, destination: 'east <b> "&" é' }, since: AT, resolvedAt: null, value: 1.5,
    what: 'cluster_block_exception: index [i] blocked', meaning: 'Nothing can be written.\nMend it.', evidence: ['sluice status'], runbook: 'https://docs.example/runbook#lane-held', ...changes,
  };
}
export function message(...alerts: readonly ToldAlert[]): AlertMessage {
  return { group: 'lane-held', alerts, installation: 'staging.', at: Date.now() };
}

/** What every channel of alerts must do. */
export function alertChannelContract(name: string, create: () => Promise<ChannelSubject>): void {
  describe(name, () => {
    let subject: ChannelSubject;
    beforeEach(async () => { subject = await create(); });
    afterEach(async () => {
      await subject.channel.close();
      await subject.close();
    });
    const send = (sent: AlertMessage, ms = 10_000) => subject.channel.send(sent, AbortSignal.timeout(ms));
    const states = async (count: number) => waitFor(async () => { const all = await subject.received(); return all.length >= count ? all : null; }, { what: `${count} alerts to arrive` });

    it('tells an alert, and its end under the same identity', async () => {
      await send(message(told('west-east')));
      const [first] = await states(1);
      expect(first).toMatchObject({ rule: 'lane-held', state: 'firing' });
      await send(message(told('west-east', { state: 'resolved', resolvedAt: Date.now() })));
      const end = (await waitFor(async () => (await subject.received()).find((one) => one.state === 'resolved'), { what: 'the end' }));
      expect(end).toMatchObject({ rule: 'lane-held', identity: first?.identity });
    });

    it('tells several alerts of one message, each for itself', async () => {
      await send(message(told('west-east'), told('east-west'), told('west-west')));
      const all = await states(3);
      expect(new Set(all.map((one) => one.identity)).size).toBe(3);
    });

    it.each([['later', 'CHANNEL_UNAVAILABLE'], ['never', 'CHANNEL_REFUSED']] as const)('says of a receiver that answers "%s": %s', async (how, code) => {
      if (subject.answer === undefined) return;
      subject.answer(how);
      const error = await send(message(told('west-east'))).then(() => null, (reason: unknown) => reason as Error);
      expect(error).toMatchObject({ code });
      if (subject.secret !== undefined) expect(JSON.stringify([error?.message, error])).not.toContain(subject.secret);
    });

    it('gives a receiver up that does not answer', async () => {
      if (subject.answer === undefined) return;
      subject.answer('hang');
      await expect(send(message(told('west-east')), 300)).rejects.toMatchObject({ code: 'CHANNEL_UNAVAILABLE' });
    });

    it('says that nobody listens', async () => {
      if (subject.vanish === undefined) return;
      await subject.vanish();
      const error = await send(message(told('west-east'))).then(() => null, (reason: unknown) => reason as Error);
      expect(error).toMatchObject({ code: 'CHANNEL_UNAVAILABLE' });
      if (subject.secret !== undefined) expect(error?.message).not.toContain(subject.secret);
    });
  });
}
