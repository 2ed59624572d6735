import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { runProgram, type SubmitSettings } from '../src/adapters/spark/submit.ts';
import type { Config } from '../src/config/schema.ts';
import { openCycle } from '../src/main/backfill-load.ts';
import { openObjectStore } from '../src/main/object-store.ts';
import { submitSettings } from '../src/main/spark.ts';
import { connectorJars } from './connector-jars.ts';
import { openFrontDoor } from './front-door.ts';
import { ProcessGroup } from './process-group.ts';

const PROGRAM = fileURLToPath(new URL('connector/write.py', import.meta.url));
const LOOK_MS = 200;
const OPTIONS = {
  // No looking for other nodes: only the given address is written to.
  'es.nodes.wan.only': 'true',
  // As the raw limit cuts its bodies; the bytes are not what ends a batch then.
  'es.batch.size.entries': '5000', 'es.batch.size.bytes': '16mb', 'es.batch.write.refresh': 'false',
  'es.mapping.id': 'document_id', 'es.mapping.version': 'document_version', 'es.mapping.version.type': 'external', 'es.mapping.exclude': 'document_id,document_version,index_day',
};

/** One run of the connector; the CPU is that of Spark's whole process tree. */
export interface ConnectorRun {
  /** From the first file asked for to the last document answered. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** What Spark took before that. */
  readonly startCpuSeconds: number;
  readonly peakRssMiB: number;
}

/** Spark with Elasticsearch's own connector, set to write one cycle's extract. */
export interface Connector { write(): Promise<ConnectorRun> }

export interface ConnectorOptions {
  readonly region: string;
  readonly cycle: string;
  /** Of the daily indices, without the prefix. */
  readonly family: string;
  readonly scratch: string;
  readonly say: (line: string) => void;
}

/** Fetches PySpark and the connector, once, and looks up what is to be written and where. */
export async function openConnector(config: Config, { region, cycle, family, scratch, say }: ConnectorOptions): Promise<Connector> {
  const settings = await submitSettings(config, { scratch, report: say });
  const jars = [...settings.jars, ...(await connectorJars(settings.python ?? 'python3', say))];
  const extract = await extractOf(config, cycle, settings.store);
  const [node = ''] = config.regions[region]?.elasticsearch.nodes ?? [];
  return { write: () => write(node, { extract, resource: `${config.prefix}${family}-{index_day}` }, { ...settings, jars }) };
}

interface Extract { readonly files: readonly string[]; readonly epoch: number | null }

async function extractOf(config: Config, cycle: string, { bucket, prefix }: SubmitSettings['store']): Promise<Extract> {
  const store = openObjectStore(config);
  const { parts: { manifest, plan } } = await openCycle(config, cycle, store, pino({ level: 'silent' })).finally(() => store.close());
  return { files: manifest.files.map(({ key }) => `s3a://${bucket}/${prefix}${key}`), epoch: plan.epoch };
}

async function write(node: string, { extract, resource }: { extract: Extract; resource: string }, settings: SubmitSettings): Promise<ConnectorRun> {
  const door = await openFrontDoor(node);
  const { hostname, port } = new URL(door.url);
  const watch = new Watch();
  const looks = setInterval(() => watch.look(), LOOK_MS);
  try {
    await runProgram(PROGRAM, { ...extract, options: { ...OPTIONS, 'es.nodes': hostname, 'es.port': port, 'es.resource.write': resource } }, settings, watch);
    return watch.run();
  } finally {
    clearInterval(looks);
    await door.close();
  }
}

/** What the program tells, and what its processes take meanwhile. */
class Watch {
  readonly signal = new AbortController().signal;
  #group: ProcessGroup | null = null;
  #seconds = Number.NaN;
  #cpuAtStart = 0;
  #cpuAtEnd = 0;

  readonly onStart = (group: number): void => { this.#group = new ProcessGroup(group); };

  readonly onLine = (line: string): boolean => {
    if (line.startsWith('{"writing"')) this.#cpuAtStart = this.look();
    else if (line.startsWith('{"seconds"')) [this.#seconds, this.#cpuAtEnd] = [(JSON.parse(line) as { seconds: number }).seconds, this.look()];
    else return false;
    return true;
  };

  /** CPU-seconds so far. */
  look(): number {
    this.#group?.look();
    return this.#group?.cpuSeconds ?? 0;
  }

  run(): ConnectorRun {
    return { seconds: this.#seconds, cpuSeconds: this.#cpuAtEnd - this.#cpuAtStart, startCpuSeconds: this.#cpuAtStart, peakRssMiB: this.#group?.peakRssMiB ?? Number.NaN };
  }
}
