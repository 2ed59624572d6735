import { colors } from './colors.ts';
import type { Json } from '../../ports/search-index.ts';
import type { Difference } from '../../redrive/diff.ts';
import type { DryRunEntry, DryRunReport, RegionVerdict } from '../../redrive/dry-run.ts';
import type { HistoryEntry } from '../../redrive/failure.ts';
import type { FailureLine, FailureStats } from '../../redrive/inspect.ts';
import type { RedriveCounts, RedriveReport } from '../../redrive/report.ts';
import { table } from './table.ts';

const SHOWN_REASON = 80;
const SHOWN_VALUE = 200;
const SHOWN_CASES = 10;

/** The failures as a table, newest first. */
export function listView(failures: readonly FailureLine[], total: number): string {
  const rows = failures.map((one) => [one.id, one.region, one.at, one.state, one.pipeline, one.stage, one.error.type, one.documentId ?? `${one.source.topic}/${one.source.partition}/${one.source.offset}`, shortened(one.error.reason, SHOWN_REASON)]);
  return [table(['id', 'region', 'at', 'state', 'pipeline', 'stage', 'type', 'document or record', 'reason'], rows), `${failures.length} of ${total.toLocaleString('en')}`].join('\n');
}

/** Counts by field and value. */
export function statsView({ total, by }: FailureStats): string {
  const rows = Object.entries(by).flatMap(([field, counts]) => Object.entries(counts).map(([value, count]) => [field, value, count]));
  return [table(['by', 'value', 'failures'], rows), `${total.toLocaleString('en')} in all`].join('\n');
}

/** One copy of a failure, whole: facts, history, payload. */
export function failureView({ region, index, id, source }: { region: string; index: string; id: string; source: Json }): string {
  const { payload, history, ...facts } = source as { payload?: unknown; history?: readonly HistoryEntry[] } & Json;
  return [
    colors.bold(`${id} in ${region} (${index})`),
    JSON.stringify(facts, null, 2),
    ...(history === undefined || history.length === 0 ? [] : ['', table(['at', 'by', 'action', 'outcome'], history.map(({ at, by, action, outcome }) => [at, by, action, outcome]))]),
    '', colors.bold('payload'), typeof payload === 'string' ? payload : '(none)',
  ].join('\n');
}

/** What a redrive came to. */
export function redriveView(report: RedriveReport): string {
  const counts = countsText(report.counts);
  return [
    `${report.cases.toLocaleString('en')} cases (${report.failures.toLocaleString('en')} failure documents)${counts === '' ? '' : `: ${counts}`}`,
    ...(report.returned > 0 ? [colors.yellow(`${report.returned} failures came back, or were changed, meanwhile: they stay as they are`)] : []),
    ...report.notDone.slice(0, SHOWN_CASES).map((one) => colors.red(`${one.id} ${one.documentId ?? ''} ${one.result}: ${shortened(one.reason, SHOWN_VALUE)}`)),
    ...(report.notDone.length > SHOWN_CASES ? [`… and more: sluice failures list --state open`] : []),
    ...(report.stopped === null ? [] : [colors.red(`stopped: ${report.stopped}; start it again to go on`)]),
    ...(report.more ? ['there are more: raise --limit or start it again'] : []),
  ].join('\n');
}

/** Counts that are not zero, in words. */
export function countsText(counts: Readonly<RedriveCounts>): string {
  const words: Readonly<Record<keyof RedriveCounts, string>> = {
    applied: 'applied', superseded: 'superseded', written: 'written to Kafka', leftOut: 'left out by the pipeline', rejected: 'rejected', unavailable: 'not reached',
    skipped: 'skipped by the patch', taken: 'with another run', gone: 'changed meanwhile',
  };
  return (Object.keys(words) as (keyof RedriveCounts)[]).flatMap((key) => (counts[key] === 0 ? [] : [`${counts[key].toLocaleString('en')} ${words[key]}`])).join(', ');
}

/** A dry run, case by case: what the patch changes and what each region would say. */
export function dryRunView(report: DryRunReport): string {
  return [...report.entries.flatMap((entry) => [...entryLines(entry), '']), ...(report.more ? ['there are more: raise --limit'] : []), colors.dim(report.limits)].join('\n');
}

function entryLines(entry: DryRunEntry): string[] {
  const target = entry.target === null ? '' : ` → ${entry.target.index}/${entry.target.documentId} at version ${entry.target.version}`;
  return [
    `${colors.bold(entry.id)} ${entry.pipeline}, ${entry.copies} ${entry.copies === 1 ? 'copy' : 'copies'}: ${entry.plan}${target}`,
    `  was: ${entry.error.type}: ${shortened(entry.error.reason, SHOWN_VALUE)}`,
    ...(entry.reason === null ? [] : [`  ${colors.red(entry.reason)}`]),
    ...entry.differences.flatMap(differenceLines),
    ...entry.regions.map((verdict) => `  ${verdict.region}: ${verdictText(verdict)}`),
  ];
}

function differenceLines(difference: Difference): string[] {
  const removed = (value: unknown) => colors.red(`  - ${difference.path}: ${valueText(value)}`);
  const added = (value: unknown) => colors.green(`  + ${difference.path}: ${valueText(value)}`);
  switch (difference.kind) {
    case 'added': return [added(difference.after)];
    case 'removed': return [removed(difference.before)];
    case 'changed': return [removed(difference.before), added(difference.after)];
  }
}

function verdictText({ verdict, reason }: RegionVerdict): string {
  const text = reason === null ? verdict : `${verdict}: ${shortened(reason, SHOWN_VALUE)}`;
  return verdict === 'would be applied' ? colors.green(text) : verdict === 'would be superseded' ? colors.yellow(text) : colors.red(text);
}

function valueText(value: unknown): string {
  return shortened(value instanceof Uint8Array ? `${value.length} bytes` : (JSON.stringify(value) ?? 'undefined'), SHOWN_VALUE);
}

function shortened(text: string, length: number): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > length ? `${line.slice(0, length)}…` : line;
}
