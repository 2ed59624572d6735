import { Option, InvalidArgumentError, type Command } from 'commander';
import type { Stage } from '../../domain/failure.ts';
import { FAILURE_STATES, STAGES, type FailureState } from '../../redrive/failure.ts';
import type { FailureFilter } from '../../redrive/filter.ts';

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The options that choose failures, as commander gives them. */
export interface FilterOptions {
  readonly region: readonly string[];
  readonly pipeline?: string;
  readonly type?: string;
  readonly stage?: Stage;
  readonly since?: number;
  readonly until?: number;
  readonly lane?: string;
  readonly batch?: string;
  readonly state: readonly FailureState[];
  readonly text?: string;
  readonly document?: string;
}

/** Adds the options that choose failures. */
export function withFilters(command: Command): Command {
  return command
    .option('-r, --region <name>', 'region whose failure index is meant; may be given several times (default: all)', collect, [])
    .option('--pipeline <name>', 'of this pipeline')
    .option('--type <type>', 'of this error type')
    .addOption(new Option('--stage <stage>', 'from this stage').choices(STAGES))
    .option('--since <time>', 'from then on: ISO time, or an age such as 90m, 6h, 7d', timeOption)
    .option('--until <time>', 'before then: ISO time or age', timeOption)
    .option('--lane <source-destination>', 'found by this lane')
    .option('--batch <id>', 'of this batch')
    .option('--text <words>', 'whose reason holds all these words')
    .option('--document <id>', 'about this document')
    .option('--state <state>', `in this state: ${FAILURE_STATES.join(', ')}; may be given several times`, collectState, []);
}

/** The conditions that were given. */
export function filterOf(options: FilterOptions, ids: readonly string[] = []): FailureFilter {
  const { pipeline, type, stage, since, until, lane, batch, state, text, document } = options;
  return { ids: ids.length === 0 ? undefined : ids, pipeline, type, stage, since, until, lane, batch, text, documentId: document, states: state.length === 0 ? undefined : state };
}

/** ISO time or age (`90m`, `6h`, `7d`) → epoch ms; throws InvalidArgumentError. */
export function timeOption(text: string): number {
  const [, amount, unit] = /^(\d+)([smhd])$/.exec(text) ?? [];
  if (amount !== undefined && unit !== undefined) return Date.now() - Number(amount) * (UNITS[unit] ?? 0);
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('expected an ISO time such as 2026-11-22T10:00:00Z, or an age such as 90m, 6h, 7d.');
  return time;
}

function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

function collectState(value: string, earlier: readonly FailureState[]): FailureState[] {
  const state = FAILURE_STATES.find((known) => known === value);
  if (state === undefined) throw new InvalidArgumentError(`expected one of ${FAILURE_STATES.join(', ')}.`);
  return [...earlier, state];
}
