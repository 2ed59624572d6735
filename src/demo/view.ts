import { colors } from '../control/cli/colors.ts';
import type { LaneStatus } from '../indexing/status.ts';

/** What the live view shows at one moment. */
export interface Moment {
  /** Epoch ms. */
  readonly at: number;
  readonly phase: string;
  readonly sent: number;
  /** Null where there is no end. */
  readonly total: number | null;
  readonly lanes: readonly LaneStatus[];
  /** Documents in the failure index; null until known. */
  readonly failures: number | null;
  /** Those started for the run; empty where the servers were given. */
  readonly servers: readonly { readonly name: string; readonly state: string; readonly url: string }[];
  readonly processes: readonly { readonly name: string; readonly state: string }[];
}

/** Rates between two moments, per second. */
export interface Rates {
  readonly sent: number;
  readonly lanes: ReadonlyMap<string, number>;
}

/** Rates since `earlier`; zero at the very beginning. */
export function ratesBetween(earlier: Moment | null, moment: Moment): Rates {
  const seconds = earlier === null ? 0 : (moment.at - earlier.at) / 1_000;
  const per = (more: number) => (seconds <= 0 ? 0 : Math.max(0, Math.round(more / seconds)));
  const before = new Map(earlier?.lanes.map((lane) => [lane.lane, lane.counts.records]));
  return {
    sent: per(moment.sent - (earlier?.sent ?? moment.sent)),
    lanes: new Map(moment.lanes.map((lane) => [lane.lane, per(lane.counts.records - (before.get(lane.lane) ?? lane.counts.records))])),
  };
}

/** Age of what was settled last, in seconds; 0 when nothing is left, null while unknown. */
export function lagSeconds(lane: LaneStatus, at: number): number | null {
  if (lane.lagRecords === null) return null;
  if (lane.lagRecords === 0) return 0;
  return lane.lastSettledAt === null ? null : (at - lane.lastSettledAt) / 1_000 + (lane.freshnessSeconds ?? 0);
}

const COLUMNS = ['lane', 'state', 'rec/s', 'lag', 'lag s', 'fresh s', 'applied', 'superseded', 'rejected'] as const;
const WIDTHS = [11, 9, 7, 8, 7, 8, 10, 11, 9] as const;

/** The terminal view: what is sent, one line a lane, servers and processes. */
export function screenOf(moment: Moment, rates: Rates): string {
  const heading = colors.dim(COLUMNS.map((title, index) => cell(title, index)).join(''));
  return [
    `${colors.bold('Sluice')}  ${moment.phase}`,
    `sent ${progressText(moment)}, ${rates.sent.toLocaleString('en')}/s; ${text(moment.failures, 0)} in the failure index`,
    '',
    heading,
    ...moment.lanes.map((lane) => laneLine(lane, moment.at, rates)),
    '',
    ...(moment.servers.length === 0 ? [] : [`servers    ${moment.servers.map(mark).join('  ')}`]),
    `processes  ${moment.processes.map(mark).join('  ')}`,
  ].join('\n');
}

/** One line for logs and pipes. */
export function plainLineOf(moment: Moment, rates: Rates): string {
  const lanes = moment.lanes.map((lane) => plainLane(lane, moment.at, rates));
  return [`${moment.phase}: sent ${progressText(moment)}, ${rates.sent}/s, ${text(moment.failures, 0)} failures`, ...lanes].join(' | ');
}

function plainLane(lane: LaneStatus, at: number, rates: Rates): string {
  const { applied, superseded } = lane.counts;
  const held = lane.gate.kind === 'open' ? '' : ` ${lane.gate.kind}: ${lane.gate.reason}`;
  return `${lane.lane} ${rates.lanes.get(lane.lane) ?? 0}/s lag ${text(lane.lagRecords, 0)} (${text(lagSeconds(lane, at), 1)} s) fresh ${text(lane.freshnessSeconds, 2)} s applied ${text(applied, 0)} superseded ${text(superseded, 0)} rejected ${rejectedOf(lane)}${held}`;
}

function laneLine(lane: LaneStatus, at: number, rates: Rates): string {
  const { kind } = lane.gate;
  const state = kind === 'open' ? lane.state : kind;
  const cells = [
    lane.lane, state, String(rates.lanes.get(lane.lane) ?? 0), text(lane.lagRecords, 0), text(lagSeconds(lane, at), 1), text(lane.freshnessSeconds, 2),
    lane.counts.applied.toLocaleString('en'), lane.counts.superseded.toLocaleString('en'), String(rejectedOf(lane)),
  ];
  const line = cells.map(cell).join('');
  return kind === 'open' ? line : colors.yellow(`${line}  ${lane.gate.reason}`);
}

/** Operations and records that went to the failure index. */
function rejectedOf(lane: LaneStatus): number {
  return lane.counts.rejected + lane.counts.refused;
}

function progressText({ sent, total }: Moment): string {
  return `${sent.toLocaleString('en')}${total === null ? '' : ` of ${total.toLocaleString('en')}`}`;
}

function mark({ name, state }: { readonly name: string; readonly state: string }): string {
  return state === 'running' ? colors.green(name) : colors.red(`${name} (${state})`);
}

function text(value: number | null, digits: number): string {
  return value === null ? '–' : value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

function cell(value: string, index: number): string {
  const width = WIDTHS[index] ?? 0;
  return index < 2 ? value.padEnd(width) : value.padStart(width);
}
