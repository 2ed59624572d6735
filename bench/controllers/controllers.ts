import { simulate } from '../../test/rate/simulated-cluster.ts';
import { rounded } from '../statistics.ts';
import { CASES, capacityOf, type Case } from './cases.ts';
import { CONTENDERS } from './contenders.ts';

/** `share`: of what the cluster could take; `refused`: operations refused for each one taken; `size`: operations in flight at the end. */
interface Score { readonly share: number; readonly refused: number; readonly medianMs: number; readonly longestMs: number; readonly size: number }

/** The product's window against other ways to decide how much may be in flight, on a modelled cluster in simulated time. */
export function benchControllers(say: (line: string) => void): Record<string, unknown> {
  const names = Object.keys(CONTENDERS);
  const cases = CASES.map((each) => ({ case: each.name, ...Object.fromEntries(names.map((name) => [name, scoreOf(name, each)])) as Record<string, Score> }));
  say(`| taken ÷ could be taken, refused, median ms | ${names.join(' | ')} |`);
  say(`| --- |${' --- |'.repeat(names.length)}`);
  for (const { case: name, ...scores } of cases) say(`| ${name} | ${names.map((contender) => show((scores as Record<string, Score>)[contender] as Score)).join(' | ')} |`);
  const least = Object.fromEntries(names.map((name) => [name, Math.min(...cases.map((scores) => (scores as unknown as Record<string, Score>)[name]?.share ?? 0))]));
  say(`| least share of all cases | ${names.map((name) => String(least[name])).join(' | ')} |`);
  return { bench: 'controllers', cases, least };
}

function scoreOf(name: string, each: Case): Score {
  const contender = CONTENDERS[name];
  if (contender === undefined) throw new Error(`there is no controller ${name}`);
  const { taken, refused, medianMs, longestMs, sizes } = simulate(contender(), each.shape, each.seconds, each.episodes);
  return { share: rounded(taken / capacityOf(each), 3), refused: rounded(refused / taken, 4), medianMs: rounded(medianMs, 0), longestMs: rounded(longestMs, 0), size: sizes.at(-1) ?? 0 };
}

function show({ share, refused, medianMs }: Score): string {
  return `${share.toFixed(2)}, ${refused === 0 ? '0' : refused.toFixed(3)}, ${medianMs}`;
}
