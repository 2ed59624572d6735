import { messageOf } from '../domain/errors.ts';
import type { IngestMachine } from './assemble.ts';

/** Ends ingest in order: what is in flight is waited for, positions are committed, the group is left, clients are closed. */
export async function closeAll(machine: IngestMachine): Promise<void> {
  const { regions, commits, consumer, source, admin } = machine;
  await bounded(machine, 'drain', Promise.all(regions.map(({ writer }) => writer.drained())));
  await bounded(machine, 'commit', commits.commit());
  await bounded(machine, 'leave', Promise.all([source.stop(), consumer.close()]));
  await bounded(machine, 'close', Promise.all([...regions.map(({ writer }) => writer.close()), admin.close()]));
}

/** Waits, but not for ever: a server that is gone must not keep the process from ending. */
async function bounded({ parts }: IngestMachine, step: string, work: Promise<unknown>): Promise<void> {
  const timer = new AbortController();
  const late = parts.clock.sleep(parts.settings.drainTimeoutMs, timer.signal).then(() => 'late' as const, () => 'stopped' as const);
  try {
    const first = await Promise.race([work, late]);
    if (first === 'late') parts.log.warn({ step, afterMs: parts.settings.drainTimeoutMs }, 'gave up waiting while stopping');
  } catch (error) {
    parts.log.warn({ step, detail: messageOf(error) }, 'a step of stopping failed');
  } finally {
    timer.abort();
  }
}
