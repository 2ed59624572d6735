import type { Logger } from 'pino';
import { messageOf, SluiceError } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { PollOptions, RecordBlock } from '../ports/record-log.ts';

interface Poller { poll(options: PollOptions): Promise<RecordBlock[]> }

/** A poll after which ingest goes on: records that cannot be read are told in the words of `problem`, and nothing comes for as long as the poll may wait. */
export async function pollOrTell(poller: Poller, options: PollOptions, problem: string, { clock, log }: { readonly clock: Clock; readonly log: Logger }): Promise<RecordBlock[]> {
  try {
    return await poller.poll(options);
  } catch (error) {
    if (!(error instanceof SluiceError) || !error.code.startsWith('KAFKA_')) throw error;
    log.error({ code: error.code, reason: messageOf(error) }, problem);
    await clock.sleep(options.maxWaitMs);
    return [];
  }
}
