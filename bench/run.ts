import { parseArgs } from 'node:util';
import { benchAudit } from './audit.ts';
import { benchHotPath } from './hot-path.ts';
import { benchIndices } from './indices.ts';
import { benchLane } from './lane.ts';
import { benchLatency } from './latency.ts';
import { benchMemory } from './memory.ts';
import { benchRegionLoss } from './region-loss.ts';
import { benchScale } from './scale.ts';

const USAGE = `npm run bench -- <bench> [options]

Benches
  latency      one event from the source topic to both Elasticsearch, four lanes, steady rate
  hot-path     CPU of decoding and building bulk bodies, without any server
  memory       a lane whose destination stalls while its topic is full, with a small heap
  region-loss  ingest into one region while the other does not answer, against both healthy
  lane         a filled topic into an index, against the raw _bulk limit and a naive program
  scale        one filled topic through 1, 2, … processes of one lane, partitions moving between them
  indices      what it costs to create and to route to many indices
  audit        two regions with 100 planted differences: what is found, repaired and asked for

Options
  --json             the last line on standard output is one object
  --stack FILE       configuration of a running stack (see "sluice stack up"); without it one is started
  --docs N           documents, region-loss: events (default 1000000; indices: 50000)
  --rounds R         interleaved rounds of lane and region-loss (default 3)
  --members N        largest number of processes, scale (default 6)
  --count N          indices to create                  (default 900)
  --no-naive         leave the naive program out
  --deep             audit: at the end, read every document as well
  --rate N           events a second, latency           (default 250)
  --seconds N        length of the measurement, or of the stall (default 30)
  --warm-up N        seconds of load before it, latency (default 20)
  --node-option O    an option for the measured process, such as --cpu-prof; may be repeated

Examples
  npm run bench -- latency --json
  npm run bench -- lane --docs 300000 --rounds 1 --no-naive
  npm run bench -- scale --docs 300000 --members 3
  npm run bench -- indices --count 900
  npm run bench -- region-loss --docs 200000 --json
  npm run bench -- audit --docs 1000000 --json
`;

const { positionals, values } = parseArgs({
  allowPositionals: true, allowNegative: true,
  options: {
    json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h', default: false }, stack: { type: 'string' },
    docs: { type: 'string' }, members: { type: 'string', default: '6' }, count: { type: 'string', default: '900' }, rounds: { type: 'string', default: '3' }, naive: { type: 'boolean', default: true }, deep: { type: 'boolean', default: false },
    rate: { type: 'string', default: '250' }, seconds: { type: 'string', default: '30' }, 'warm-up': { type: 'string', default: '20' },
    'node-option': { type: 'string', multiple: true, default: [] },
  },
});

const documents = Number(values.docs ?? 1_000_000);
const say = (line: string): void => void process.stderr.write(`${line}\n`);
const benches: Record<string, () => Promise<Record<string, unknown>>> = {
  latency: () => benchLatency({ stackFile: values.stack, rate: Number(values.rate), seconds: Number(values.seconds), warmUpSeconds: Number(values['warm-up']), say }),
  'hot-path': () => benchHotPath(),
  memory: () => benchMemory({ stackFile: values.stack, documents, seconds: Number(values.seconds), say }),
  lane: () => benchLane({ stackFile: values.stack, documents, rounds: Number(values.rounds), naive: values.naive, nodeOptions: values['node-option'], say }),
  scale: () => benchScale({ stackFile: values.stack, documents, members: Number(values.members), nodeOptions: values['node-option'], say }),
  indices: () => benchIndices({ stackFile: values.stack, count: Number(values.count), documents: Number(values.docs ?? 50_000), say }),
  audit: () => benchAudit({ stackFile: values.stack, documents, deep: values.deep, say }),
  'region-loss': () => benchRegionLoss({ events: documents, rounds: Number(values.rounds), say }),
};

const bench = benches[positionals[0] ?? ''];
if (values.help || bench === undefined) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 2);
}
const result = await bench();
process.stdout.write(`${values.json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`);
// Node can wait for ever for the handles of what was closed.
process.exit();
