import type { StateNote } from '../state-notes.ts';
import { latestOf, type History } from '../observe/history.ts';
import { levelOf, type Finding, type Rule } from './rule.ts';
import type { Thresholds } from './thresholds.ts';

const MINUTE_MS = 60_000;
const LOOP_WINDOW_MS = 10 * MINUTE_MS;

/** How the hosts are, by what their processes tell: memory, event loop, disk, and processes that start again and again. */
export function hostRules({ memoryShare, loopDelayMs, hostDiskShare, restarts, silentMs }: Thresholds): Rule[] {
  const figure = (options: FigureRule) => figureRule(options, silentMs);
  return [
    restartLoop(restarts, silentMs),
    figure({
      name: 'host-memory', severity: 'warning', forMs: MINUTE_MS, above: memoryShare, of: (note) => note.process?.memoryShare ?? null,
      meaning: 'A process comes near to the memory that it may take; beyond it the system kills it. Its buffers are bounded: give it more, or lower processor.budgetBytes or ingest.inFlightBytes.',
      what: (value) => `its process takes ${percent(value)} of its memory`,
    }),
    figure({
      name: 'host-event-loop', severity: 'warning', forMs: MINUTE_MS, above: loopDelayMs, of: (note) => note.process?.loopMs ?? null,
      meaning: 'A process cannot keep up with its own work: the machine is overloaded, or something blocks it. It may lose its place in its group. Look at its CPU, and at what else runs there.',
      what: (value) => `the slowest hundredth of its turns come ${Math.round(value)} ms late`,
    }),
    figure({
      name: 'host-disk', severity: 'warning', forMs: MINUTE_MS, above: hostDiskShare, of: (note) => note.process?.diskShare ?? null,
      meaning: 'The disk that a process works on is nearly full. Sluice itself needs none but for logs and extracts: look for what fills it.',
      what: (value) => `${percent(value)} of its disk is used`,
    }),
  ];
}

interface FigureRule {
  readonly name: string;
  readonly severity: Rule['severity'];
  readonly forMs: number;
  readonly above: number;
  readonly of: (note: StateNote) => number | null;
  readonly meaning: string;
  readonly what: (value: number) => string;
}

/** One finding a host: its worst process. */
function figureRule({ above, of, what, ...rule }: FigureRule, silentMs: number): Rule {
  return {
    ...rule, keepMs: MINUTE_MS,
    examine: (history) => {
      const { at, notes } = latestOf(history);
      const living = notes.filter((note) => at - note.at <= silentMs && note.state !== 'stopped' && of(note) !== null);
      return [...Map.groupBy(living, ({ host }) => host)].map(([host, own]): Finding => {
        const value = Math.max(...own.map((note) => of(note) ?? 0));
        return { labels: { host }, level: levelOf(value, above, above * 0.95), value, what: `${host}: ${what(value)}`, evidence: ['sluice status --json'] };
      });
    },
  };
}

function restartLoop(most: number, silentMs: number): Rule {
  return {
    name: 'restart-loop', severity: 'critical', forMs: 0, keepMs: LOOP_WINDOW_MS,
    meaning: 'Processes of a lane start again and again on one machine: each ends soon after its start. The end of its log says why; the supervisor only hides it.',
    examine: (history) => [...Map.groupBy(startsIn(history), ({ lane, machine }) => `${lane} on ${machine}`)].map(([what, starts]): Finding => {
      const { at, notes } = latestOf(history);
      const { lane, machine } = starts[0] as Start;
      const living = notes.filter((note) => note.lane === lane && machineOf(note.host) === machine && at - note.at <= silentMs && note.state !== 'stopped').length;
      const again = starts.filter(({ startedAt }) => at - startedAt <= LOOP_WINDOW_MS).length - Math.max(1, living);
      return { labels: { lane, machine }, level: again >= most ? 'bad' : 'good', value: again, what: `${what} was started ${Math.max(0, again)} times anew within ten minutes`, evidence: ['sluice status --json'] };
    }),
  };
}

interface Start { readonly lane: string; readonly machine: string; readonly startedAt: number }

/** Every start that was seen, once. */
function startsIn(history: History): Start[] {
  const starts = history.flatMap(({ notes }) => notes.flatMap(({ lane, host, startedAt }) => (startedAt === undefined ? [] : [[`${lane}\0${host}\0${startedAt}`, { lane, machine: machineOf(host), startedAt }] as const])));
  return [...new Map(starts).values()];
}

/** Without the process id that a host is named by when nothing else is said. */
function machineOf(host: string): string {
  return host.replace(/-\d+$/, '');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}
