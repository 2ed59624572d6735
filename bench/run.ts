import { parseArgs } from 'node:util';
import { configSchema } from '../src/config/schema.ts';
import { benchAudit } from './audit.ts';
import { benchBackfill } from './backfill.ts';
import { compareResults, comparisonLine } from './baseline.ts';
import { benchBesideLive } from './beside-live.ts';
import { benchCaps } from './caps.ts';
import { benchCatchUp } from './catch-up.ts';
import { benchControllers } from './controllers/controllers.ts';
import { benchDetect } from './detect.ts';
import { benchHotPath } from './hot-path.ts';
import { benchIndices } from './indices.ts';
import { benchIngest } from './ingest.ts';
import { benchGuardModel } from './guard/model.ts';
import { keep, keptFor, sameMachine, type Baseline } from './kept.ts';
import { benchLane } from './lane.ts';
import { benchLatency } from './latency.ts';
import { benchMemory } from './memory.ts';
import { shapeOf } from './raw-limit.ts';
import { benchRegionLoss } from './region-loss.ts';
import { benchRows } from './rows.ts';
import { benchScale } from './scale.ts';
import { benchScaleOut } from './scale-out.ts';
import { benchSearchGuard } from './search-guard.ts';
import { benchStarts } from './starts.ts';

const USAGE = `npm run bench -- <bench> [options]

Benches
  latency      one event from the source topic to both Elasticsearch, four lanes, steady rate
  detect       faults on real servers: seconds until the right alert, what else is told, seconds until it is over
  hot-path     CPU of decoding and building bulk bodies, without any server
  caps         how exactly hard caps are kept, changed while running, by one host and by two
  controllers  ways to decide how much may be in flight, on a modelled cluster: seconds, no server
  guard-model  the search guard on a modelled cluster, with many and with few searches: seconds, no server
  memory       a lane whose destination stalls while its topic is full, with a small heap
  region-loss  ingest into one region while the other does not answer, against both healthy
  lane         a filled topic into an index, against the raw _bulk limit and a naive program
  ingest       a filled source topic into one and into both regional topics, against producing alone
  rows         CPU of making documents of an extract's rows, without any server
  backfill     rows of an extract in object storage into an index, against the raw _bulk limit
  beside-live  the three backfill cases beside live traffic and searches, both regions judged by SQL alone
  catch-up     a lane whose Elasticsearch stood still while its topic was filled, against the raw _bulk limit
  starts       from nothing to the first documents: servers, a lane, ingest
  scale        one filled topic through 1, 2, … processes of one lane, partitions moving between them
  scale-out    the same at a fixed rate for each process, so that Elasticsearch is not what is measured
  indices      what it costs to create and to route to many indices
  audit        two regions with 100 planted differences: what is found, repaired and asked for
  search-guard a steady search load while a lane catches up: unguarded, and under the guard

Options
  --json             the last line on standard output is one object
  --save             keep the result as bench/baselines/<bench>.json, with machine, commit and versions
  --compare          hold the result against the kept one; exit code 1 where something is worse by more than noise
  --stack FILE       configuration of a running stack (see "sluice stack up"); without it one is started
  --faults A,B       only these, detect                 (default all)
  --docs N           documents; ingest, region-loss: events (default 1000000; indices: 50000; rows: 100000; backfill: 300000);
                     latency: events that warm everything up (default 100000); beside-live: rows that the cases read in all
  --rounds R         interleaved rounds of lane, catch-up, ingest, starts, rows, backfill and region-loss (default 3)
  --input FILE       sales lines (CSV, Parquet; plain or packed) instead of generated documents, lane; without naive
  --shape OxC        operations of a raw body x connections, such as 5000x3, instead of searching the best; lane and catch-up
  --members N        largest number of processes, scale and scale-out (default 6)
  --count N          indices to create                  (default 900)
  --no-naive         leave the naive program out
  --connector        backfill: Spark with Elasticsearch's connector writes the same rows as well; PySpark is fetched once (half a gigabyte)
  --deep             audit: at the end, read every document as well
  --rate N           events a second, latency and beside-live (default 250); scale-out: documents a second of each process (default 1000)
  --seconds N        length of the measurement, or of the stall (default 30; search-guard: 120; beside-live and scale-out: 60)
  --warm-up N        seconds of load before it, latency, search-guard, beside-live and scale-out (default 20; search-guard: 90; scale-out: 60; beside-live: 30)
  --targets A,B      search factors to hold, search-guard (default 1.3,1.5,2)
  --caps A,B         fixed rates to measure beside them, documents a second, search-guard; beside-live: the cap of each region (default none)
  --no-unguarded     leave out the lane without a guard, search-guard
  --searches N       searches a second; search-guard (default 20), beside-live: in each region (default 2; 0: none)
  --prefix P         of topics and indices that stay (a name and a dot, such as "guard."), so that the next run on the same --stack needs not fill them, search-guard
  --trace FILE       every search and every reading, as JSON, search-guard
  --node-option O    an option for the measured process, such as --cpu-prof; may be repeated

Examples
  npm run bench -- latency --json
  npm run bench -- lane --docs 300000 --rounds 1 --no-naive
  npm run bench -- lane --compare
  npm run bench -- scale --docs 300000 --members 3
  npm run bench -- indices --count 900
  npm run bench -- region-loss --docs 200000 --json
  npm run bench -- audit --docs 1000000 --json
`;

const { positionals, values } = parseArgs({
  allowPositionals: true, allowNegative: true,
  options: {
    json: { type: 'boolean', default: false }, save: { type: 'boolean', default: false }, compare: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false }, stack: { type: 'string' },
    docs: { type: 'string' }, faults: { type: 'string' }, input: { type: 'string' }, shape: { type: 'string' }, members: { type: 'string', default: '6' }, count: { type: 'string', default: '900' }, rounds: { type: 'string', default: '3' }, naive: { type: 'boolean', default: true }, deep: { type: 'boolean', default: false }, connector: { type: 'boolean', default: false },
    rate: { type: 'string' }, seconds: { type: 'string' }, 'warm-up': { type: 'string' },
    'node-option': { type: 'string', multiple: true, default: [] },
    targets: { type: 'string' }, caps: { type: 'string' }, unguarded: { type: 'boolean', default: true }, searches: { type: 'string' }, prefix: { type: 'string' }, trace: { type: 'string' },
  },
});

const documents = Number(values.docs ?? 1_000_000);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const benches: Record<string, () => Record<string, unknown> | Promise<Record<string, unknown>>> = {
  latency: () => benchLatency({ stackFile: values.stack, rate: Number(values.rate ?? 250), seconds: Number(values.seconds ?? 30), warmUpEvents: Number(values.docs ?? 100_000), warmUpSeconds: Number(values['warm-up'] ?? 20), nodeOptions: values['node-option'], say }),
  detect: () => benchDetect({ only: (values.faults ?? '').split(',').filter((name) => name !== ''), say }),
  'hot-path': () => benchHotPath(),
  rows: () => benchRows({ rows: Number(values.docs ?? 100_000), rounds: Number(values.rounds), say }),
  caps: () => benchCaps({ stackFile: values.stack, documents: Number(values.docs ?? 500_000), say }),
  controllers: () => benchControllers(say),
  'guard-model': () => benchGuardModel(say),
  memory: () => benchMemory({ stackFile: values.stack, documents, seconds: Number(values.seconds ?? 30), say }),
  lane: () => benchLane({ stackFile: values.stack, documents, input: values.input, shape: shapeOf(values.shape ?? ''), rounds: Number(values.rounds), naive: values.naive, nodeOptions: values['node-option'], say }),
  ingest: () => benchIngest({ events: documents, rounds: Number(values.rounds), nodeOptions: values['node-option'], say }),
  backfill: () => benchBackfill({ stackFile: values.stack, rows: Number(values.docs ?? 300_000), rounds: Number(values.rounds), connector: values.connector, nodeOptions: values['node-option'], say }),
  'beside-live': () => benchBesideLive({ stackFile: values.stack, rows: documents, rate: Number(values.rate ?? 250), searchesPerSecond: Number(values.searches ?? 2), warmUpSeconds: Number(values['warm-up'] ?? 30), seconds: Number(values.seconds ?? 60), cap: numbersOf(values.caps ?? '')[0] ?? null, say }),
  starts: () => benchStarts({ rounds: Number(values.rounds), say }),
  'catch-up': () => benchCatchUp({ documents, shape: shapeOf(values.shape ?? ''), rounds: Number(values.rounds), nodeOptions: values['node-option'], say }),
  scale: () => benchScale({ stackFile: values.stack, documents, members: Number(values.members), nodeOptions: values['node-option'], say }),
  'scale-out': () => benchScaleOut({ stackFile: values.stack, members: Number(values.members), rate: Number(values.rate ?? 1_000), seconds: Number(values.seconds ?? 60), warmUpSeconds: Number(values['warm-up'] ?? 60), nodeOptions: values['node-option'], say }),
  indices: () => benchIndices({ stackFile: values.stack, count: Number(values.count), documents: Number(values.docs ?? 50_000), say }),
  audit: () => benchAudit({ stackFile: values.stack, documents, deep: values.deep, say }),
  'search-guard': () => benchSearchGuard({
    stackFile: values.stack, prefix: values.prefix, documents, searchesPerSecond: Number(values.searches ?? 20), seconds: Number(values.seconds ?? 120), warmUpSeconds: Number(values['warm-up'] ?? 90),
    targets: numbersOf(values.targets ?? '1.3,1.5,2'), caps: numbersOf(values.caps ?? ''), unguarded: values.unguarded, trace: values.trace, say,
  }),
  'region-loss': () => benchRegionLoss({ events: documents, rounds: Number(values.rounds), say }),
};

function numbersOf(list: string): number[] {
  return list.split(',').filter((item) => item !== '').map(Number);
}

/** Tells how the result stands to the kept one; false where something is worse by more than noise. */
function compare(kept: Baseline, result: Record<string, unknown>): boolean {
  if (!sameMachine(kept)) say(`the kept result is of another machine: ${JSON.stringify(kept.machine)}`);
  const comparisons = compareResults(kept.result, result);
  for (const comparison of comparisons) say(comparisonLine(comparison));
  if (comparisons.length === 0) say('nothing in these results is compared');
  return comparisons.every(({ regression }) => !regression);
}

const bench = benches[positionals[0] ?? ''];
if (values.help || bench === undefined) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
if (values.shape !== undefined && shapeOf(values.shape) === undefined) {
  say(`--shape: expected operations x connections, such as 5000x3, found ${values.shape}`);
  process.exit(2);
}
const prefix = configSchema.shape.prefix.safeParse(values.prefix);
if (!prefix.success) {
  say(`--prefix: expected a name and a dot, such as "guard.", found ${values.prefix}`);
  process.exit(2);
}
const kept = values.compare ? keptFor(String(positionals[0])) : null;
if (values.compare && kept === null) {
  say(`there is no kept result to compare with: make one with "npm run bench -- ${positionals[0]} --save"`);
  process.exit(2);
}
const result = await bench();
const fine = kept === null || compare(kept, result);
if (values.save) say(`kept in ${keep(result)}`);
process.stdout.write(`${values.json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`);
// Node can wait for ever for the handles of what was closed.
process.exit(fine ? 0 : 1);
