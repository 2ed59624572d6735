import { createLogUpdate } from 'log-update';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import type { Pace } from '../../inputs/pacing.ts';
import type { InputRecord } from '../../inputs/record.ts';
import { sendRecords } from '../../inputs/send-records.ts';
import type { SendProgress } from '../../inputs/send-records.ts';
import { configured, hostOf } from '../../main/configured.ts';
import { openSource } from '../../main/connections.ts';
import { createLog } from '../../observability/log.ts';
import { globalsOf } from './globals.ts';

/** Terminal updates a second at most. */
const UPDATE_MS = 200;
const BAR_WIDTH = 30;

export interface Feed {
  readonly records: Iterable<InputRecord> | AsyncIterable<InputRecord>;
  readonly pace: Pace;
  /** Share of the work done, 0…1, where that can be told. */
  readonly share: (sent: number) => number | null;
}

export interface FeedSummary {
  readonly ok: boolean;
  readonly records: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** True where a signal ended it before its end. */
  readonly stopped: boolean;
}

/** Sends a feed to the source topics of the configuration and prints a summary; Ctrl-C ends it after what is in flight. */
export async function runFeed(command: Command, feed: Feed): Promise<FeedSummary> {
  const { json, config: file } = globalsOf(command);
  const { config } = await configured(file);
  const log = createLog({ level: config.log.level, service: 'feed', host: hostOf(config), hostGroup: config.host.group });
  const producer = openSource(config, log).producer({ compression: config.ingest.compression, deliveryTimeoutMs: config.ingest.deliveryTimeoutMs });
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const view = progressView(feed.share, json);
  try {
    const sent = await sendRecords(feed.records, { producer, clock: systemClock, prefix: config.prefix, pace: feed.pace, signal: stop.signal, onProgress: view.show });
    view.end();
    return report(sent, stop.signal.aborted, json);
  } finally {
    view.end();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
    await producer.close();
  }
}

/** A positive number, or a share, or a count, as an option's value. */
export function numberOption(what: string, fits: (value: number) => boolean): (text: string) => number {
  return (text) => {
    const value = Number(text.replaceAll('_', ''));
    if (text.trim() === '' || !fits(value)) throw new InvalidArgumentError(`expected ${what}.`);
    return value;
  };
}

export const countOption = numberOption('a whole number of at least 1', (value) => Number.isSafeInteger(value) && value >= 1);
export const positiveOption = numberOption('a number above 0', (value) => Number.isFinite(value) && value > 0);

/** `250`, `250/s` or `0.5/s`. */
export function rateOption(text: string): number {
  return positiveOption(text.replace(/\/s$/, ''));
}

function report(sent: SendProgress, stopped: boolean, json: boolean): FeedSummary {
  const seconds = sent.elapsedMs / 1_000;
  const perSecond = seconds === 0 ? 0 : Math.round((sent.records / seconds) * 10) / 10;
  const summary = { ok: true, records: sent.records, bytes: sent.bytes, seconds: Math.round(seconds * 1_000) / 1_000, perSecond, stopped };
  process.stdout.write(json ? `${JSON.stringify(summary)}\n` : `${lineOf(sent)}${stopped ? ', stopped' : ''}\n`);
  return summary;
}

function lineOf({ records, bytes, elapsedMs }: SendProgress): string {
  const perSecond = elapsedMs === 0 ? 0 : (records / elapsedMs) * 1_000;
  return `${records.toLocaleString('en')} records, ${(bytes / 1e6).toFixed(1)} MB, ${(elapsedMs / 1_000).toFixed(1)} s, ${perSecond.toFixed(perSecond < 100 ? 1 : 0)}/s`;
}

function progressView(share: Feed['share'], json: boolean): { show: (progress: SendProgress) => void; end: () => void } {
  if (json || !process.stderr.isTTY) return { show: () => undefined, end: () => undefined };
  const update = createLogUpdate(process.stderr);
  let shownAt = -Infinity;
  return {
    show: (progress) => {
      if (progress.elapsedMs - shownAt < UPDATE_MS) return;
      shownAt = progress.elapsedMs;
      update(`${barOf(share(progress.records))}${lineOf(progress)}`);
    },
    end: () => update.clear(),
  };
}

function barOf(share: number | null): string {
  if (share === null) return '';
  const full = Math.round(Math.min(1, share) * BAR_WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(BAR_WIDTH - full)} ${String(Math.floor(share * 100)).padStart(3)} %  `;
}
