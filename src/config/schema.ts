import { z } from 'zod';
import { lanesBetween } from '../domain/lane.ts';
import { monitor } from './monitor-schema.ts';
import { atMostOneOf, distinct, numbersHold, rule, together } from './rules.ts';

/**
 * The configuration, whole: defaults, bounds and descriptions stand here and nowhere else. Unknown keys are fatal.
 * `sluice config schema` prints it as JSON Schema. Sizes are bytes, times milliseconds, unless the name says otherwise.
 */
const KIB = 1024;
const MIB = 1024 * KIB;

const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower case letters, digits and dashes');
const port = z.int().min(0).max(65_535);
const milliseconds = z.int().positive();
const webAddress = z
  .url({ protocol: /^https?$/, error: 'an address such as https://host:9200' })
  .regex(/^[^@]*$/, 'an address without user and password (they have keys of their own)');

const path = z.string().min(1);
/** A secret is given in place (better: through the environment) or as a file that holds it. */
const secret = (what: string) => z.string().min(1).optional().describe(`secret; prefer ${what}File or the environment`);
const secretFile = (what: string) => path.optional().describe(`file that holds the ${what}; a trailing newline is dropped`);

const tls = z
  .strictObject({
    caFile: path.optional().describe('PEM file of the authorities to trust instead of the system ones'),
    certFile: path.optional().describe('PEM client certificate'),
    keyFile: path.optional().describe('PEM client key'),
    serverName: z.string().min(1).optional().describe('name to verify when it differs from the host'),
    rejectUnauthorized: z.boolean().default(true).describe('false accepts any certificate: for experiments only'),
  })
  .check(together('certFile', 'keyFile'));

const sasl = z.strictObject({
  mechanism: z.enum(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512']).describe('how to log in'),
  username: z.string().min(1).describe('goes with password or passwordFile'),
  password: secret('password'),
  passwordFile: secretFile('password'),
}).check(
  atMostOneOf('password', 'passwordFile'),
  rule('password', 'a password or a passwordFile', (value) => value['password'] !== undefined || value['passwordFile'] !== undefined),
);

const kafkaCluster = z.strictObject({
  brokers: z.array(z.string().regex(/^[^\s/:,@]+:\d{1,5}$/, 'host:port')).min(1).describe('some of the brokers; they name the others'),
  tls: tls.optional(),
  sasl: sasl.optional(),
});

const elasticsearchCluster = z.strictObject({
  nodes: z.array(webAddress).min(1).describe('nodes of the cluster; requests go round them'),
  username: z.string().min(1).optional().describe('goes with password or passwordFile'),
  password: secret('password'),
  passwordFile: secretFile('password'),
  apiKey: secret('apiKey'),
  apiKeyFile: secretFile('apiKey'),
  tls: tls.optional(),
}).check(
  atMostOneOf('password', 'passwordFile'),
  atMostOneOf('apiKey', 'apiKeyFile', 'username'),
  rule('username', 'a username with its password or passwordFile, or none of them', (value) =>
    (value['username'] !== undefined) === (value['password'] !== undefined || value['passwordFile'] !== undefined)),
  rule('tls', 'tls only with https addresses', (value) =>
    value['tls'] === undefined || !Array.isArray(value['nodes']) || value['nodes'].every((node) => !String(node).startsWith('http:'))),
);

const rate = z.strictObject({
  documentsPerSecond: z.number().nonnegative().nullable().default(null).describe('most documents per second that all lanes together send to this Elasticsearch; null: no cap, 0: none'),
  bytesPerSecond: z.number().nonnegative().nullable().default(null).describe('the same in bytes of the request bodies'),
  searchFactor: z.union([z.literal(0), z.number().gt(1).max(100)]).default(1.5).describe('how much slower the slowest hundredth of the searches may get; 0: search is not guarded'),
  searchBaselineMs: z.number().positive().nullable().default(null).describe('mean latency of a search while nothing is indexed; null: learned'),
  searchTail: z.number().min(1).max(20).default(3.5).describe('how much more the slowest hundredth of the searches suffers than their mean, which is all that a cluster tells: (p99 factor − 1) ÷ (mean factor − 1)'),
});

const region = z.strictObject({ kafka: kafkaCluster, elasticsearch: elasticsearchCluster, rate: rate.prefault({}) });

const ingest = z.strictObject({
  inFlightBytes: z.int().min(1 * MIB).default(32 * MIB).describe('byte budget of the process: fetched, queued and being produced'),
  fetchBytes: z.int().min(64 * KIB).default(4 * MIB).describe('most bytes of one fetch'),
  batchRecords: z.int().positive().default(1_000).describe('most events enriched and produced as one'),
  lingerMs: z.int().nonnegative().default(5).describe('how long a fetch waits for more'),
  compression: z.enum(['none', 'lz4', 'zstd', 'gzip', 'snappy']).default('lz4').describe('of the records in the regional topics'),
  deliveryTimeoutMs: milliseconds.default(15_000).describe('a region whose Kafka does not acknowledge within this time is cut loose'),
  retryMs: milliseconds.default(1_000).describe('how often a region that was cut loose is tried again'),
  commitIntervalMs: milliseconds.default(1_000).describe('how often the positions of the regions are committed'),
  enrichTimeoutMs: milliseconds.default(5_000).describe('an enricher that has to wait longer for a lookup fails its record'),
  drainTimeoutMs: milliseconds.default(20_000).describe('how long SIGTERM waits for what is in flight'),
  sessionTimeoutMs: milliseconds.max(30_000).default(15_000).describe('how long after its last sign of life a member loses its partitions'),
  maxRecordBytes: z.int().min(1 * KIB).default(1_000_000).describe('larger documents become failure records; keep below the topics\' max.message.bytes'),
}).check(
  numbersHold('inFlightBytes', 'at least fetchBytes', ['fetchBytes'], (inFlight, fetch) => inFlight >= fetch),
  numbersHold('maxRecordBytes', 'at most inFlightBytes', ['inFlightBytes'], (record, inFlight) => record <= inFlight),
);

const processor = z.strictObject({
  batchBytes: z.int().min(4 * KIB).max(100 * MIB).default(3 * MIB).describe('a batch is sent when it holds this much'),
  batchOperations: z.int().positive().default(5_000).describe('… or this many operations; smaller ones are tried first'),
  batchAgeMs: z.int().nonnegative().default(40).describe('… or this long after the batch before it; the first one after a pause goes at once'),
  inFlight: z.int().positive().max(64).default(3).describe('most batches being indexed at once'),
  targetLatencyMs: milliseconds.default(2_000).describe('a bulk request that takes longer is a sign of overload: less is put in flight'),
  guardIntervalMs: milliseconds.default(3_000).describe('how often the search guard reads what the cluster tells of its searches'),
  budgetBytes: z.int().min(1 * MIB).default(64 * MIB).describe('byte budget of a lane: fetched, decoded, queued, in flight and retrying; nothing is fetched while it is spent'),
  fetchBytes: z.int().min(64 * KIB).default(4 * MIB).describe('most bytes of one fetch'),
  maxDocumentBytes: z.int().min(1 * KIB).default(20 * MIB).describe('larger documents go to the failure index unsent'),
  requestTimeoutMs: milliseconds.default(30_000).describe('a bulk request without answer for this long counts as silent and is sent again'),
  retryMinMs: milliseconds.default(100).describe('first pause after trouble; it doubles, half of it is chance'),
  retryMaxMs: milliseconds.default(10_000).describe('longest pause between tries'),
  probeMs: milliseconds.default(2_000).describe('how often a held lane asks whether it may go on'),
  commitIntervalMs: milliseconds.default(1_000).describe('how often settled batches are written down and offsets committed'),
  drainTimeoutMs: milliseconds.default(20_000).describe('how long SIGTERM waits for what is in flight'),
  sessionTimeoutMs: milliseconds.max(30_000).default(15_000).describe('how long after its last sign of life a member loses its partitions'),
}).check(
  numbersHold('budgetBytes', 'at least fetchBytes + inFlight × batchBytes', ['fetchBytes', 'inFlight', 'batchBytes'],
    (budget, fetch, inFlight, batch) => budget >= fetch + inFlight * batch),
  numbersHold('maxDocumentBytes', 'at most budgetBytes', ['budgetBytes'], (document, budget) => document <= budget),
  numbersHold('retryMinMs', 'at most retryMaxMs', ['retryMaxMs'], (min, max) => min <= max),
);

const indices = z.strictObject({
  shards: z.int().positive().default(1).describe('primary shards of a new index'),
  replicas: z.int().nonnegative().default(0).describe('copies of each shard of a new index'),
  refreshInterval: z.string().regex(/^(-1|\d+(ms|s|m))$/, 'such as 500ms, 1s or 1m; -1 for never').nullable().default(null).describe('how soon search sees what was indexed; null: Elasticsearch\'s own way, within 1 s where somebody searches, by the search itself where nobody did for 30 s'),
  ahead: z.int().nonnegative().default(2).describe('periods created before they begin'),
  behind: z.int().nonnegative().default(1).describe('past periods created at the start'),
});

const topics = z.strictObject({
  partitions: z.int().positive().default(6).describe('of a new topic'),
  replicas: z.int().positive().default(1).describe('copies of each partition of a new topic'),
  retentionHours: z.int().positive().default(168).describe('how long a new topic keeps records; twice that and a day is the least age of tombstones that a purge deletes'),
});

/** Days for which one of Sluice's own indices is kept at least. */
const keptDays = (least: number, days: number) => z.int().min(least).nullable().default(days);

const retention = z.strictObject({
  heartbeatDays: keptDays(2, 30).describe('days for which `sluice purge` leaves an index of heartbeats alone once its day is over; null: for ever'),
  batchDays: keptDays(9, 90).describe('the same for what each batch came to, from the end of its month: by it a record is followed from offset to request, and alerts compare with a week ago'),
  failureDays: keptDays(9, 90).describe('the same for failures that were redriven or discarded, one by one, from when that was; an open one is never deleted'),
  alertDays: keptDays(1, 365).describe('the same for alerts, from the end of the month in which they began; one that stands is never deleted'),
  auditDays: keptDays(9, 365).describe('the same for what audits found and repaired, with what was there before'),
});

const objectStore = z.strictObject({
  endpoint: webAddress.optional().describe('address of the store (S3, or Swift through its s3api); default: the public one of the region'),
  region: z.string().min(1).default('us-east-1').describe('region that requests are signed for'),
  bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'a bucket name of 3 to 63 lower case letters, digits, dots and dashes').describe('bucket of the extracts; it must be there'),
  prefix: z.string().regex(/^([^/].*\/)?$/, 'empty, or a path that ends with a slash').default('').describe('put before every key'),
  pathStyle: z.boolean().default(true).describe('bucket in the path; false puts it into the host name'),
  accessKeyId: z.string().min(1).optional().describe('without it the usual chain is asked: environment, profile, instance'),
  secretAccessKey: secret('secretAccessKey'),
  secretAccessKeyFile: secretFile('secret access key'),
  checksums: z.enum(['supported', 'required']).default('supported').describe('required for stores that refuse newer checksums; Swift 2.30 takes both'),
  conditionalWrites: z.enum(['supported', 'emulated']).default('supported').describe('emulated for stores that have none (OpenStack Swift): then only one loader may work at a time'),
  requestTimeoutMs: milliseconds.default(30_000).describe('a request without answer for this long has failed'),
  connectTimeoutMs: milliseconds.default(5_000).describe('the same for connecting'),
}).check(
  atMostOneOf('secretAccessKey', 'secretAccessKeyFile'),
  rule('accessKeyId', 'an accessKeyId with its secretAccessKey or secretAccessKeyFile, or none of them', (value) =>
    (value['accessKeyId'] !== undefined) === (value['secretAccessKey'] !== undefined || value['secretAccessKeyFile'] !== undefined)),
);

const spark = z.strictObject({
  submit: path.optional().describe('spark-submit of an installed Spark; default: PySpark is installed for this once'),
  master: z.string().min(1).default('local[2]').describe('where Spark runs, as spark-submit takes it'),
  memory: z.string().regex(/^\d+[mg]$/, 'such as 512m or 2g').default('1g').describe('of the driver, which does the work where the master is local'),
  metastore: z.string().regex(/^thrift:\/\/\S+$/, 'such as thrift://metastore:9083').optional().describe('Hive metastore that knows the tables; default: an embedded one, filled from the folders of the warehouse'),
  database: z.string().regex(/^[a-z_][a-z0-9_]*$/, 'lower case letters, digits and underscores').default('sluice').describe('database of the tables in the metastore'),
  conf: z.record(z.string().regex(/^spark\./, 'a name that begins with "spark."'), z.string().describe('given to spark-submit as it is')).default({}).describe('further settings'),
});

const backfill = z.strictObject({
  engine: z.enum(['duckdb', 'spark']).default('duckdb').describe('what runs the query of an extract: DuckDB in this process, or Spark SQL by spark-submit'),
  spark: spark.prefault({}),
  prefix: z.string().regex(/^([^/].*\/)?$/, 'empty, or a path that ends with a slash').default('backfill/').describe('where cycles lie in the object store, below its own prefix'),
  memoryLimit: z.string().regex(/^\d+(MB|GB)$/, 'such as 512MB or 2GB').default('1GB').describe('of the embedded SQL engine; what does not fit goes to disk'),
  threads: z.int().positive().default(2).describe('of the embedded SQL engine'),
  rowGroupRows: z.int().min(2_048).max(131_072).default(16_384).describe('rows of a row group: what a loader holds in memory at once, and what is loaded again after a crash'),
  readAhead: z.int().positive().max(16).default(2).describe('row groups a loader reads ahead of what is being indexed'),
  leaseMs: milliseconds.default(30_000).describe('a loader that does not renew its lease for this long is taken for dead'),
  pollMs: milliseconds.default(2_000).describe('how often a loader looks for pause, cancel and row groups that others gave up'),
  share: z.number().gt(0).max(0.9).default(0.25).describe('of the caps of a region, which the lanes leave to all loads together while there are any; without caps there is nothing to share'),
  yieldLagSeconds: z.number().positive().default(1.5).describe('a load sends nothing while live lanes into the region are so far behind, and less from half of that on'),
  rowsPerSecond: z.int().positive().default(5_000).describe('into each region; only what a plan estimates its time by'),
});

export const configSchema = z.strictObject({
  $schema: z.string().optional(),
  prefix: z.string().regex(/^([a-z0-9][a-z0-9-]*\.)?$/, 'empty, or a name and a dot').default('').describe('put before every topic, group and index name: keeps installations apart'),
  host: z.strictObject({
    id: z.string().min(1).optional().describe('this process in metrics, logs and documents; default: host name and process id'),
    group: name.default('default').describe('the pool of hosts it belongs to'),
  }).prefault({}),
  regions: z.record(name, region).check(
    rule(null, 'at least one region', (value) => Object.keys(value).length >= 1),
    rule(null, 'names that make each lane name (source-destination) unique', (value) => distinct(lanesBetween(Object.keys(value)).map((lane) => lane.name))),
  ),
  source: z.strictObject({ kafka: kafkaCluster }),
  kafka: z.strictObject({
    client: z.enum(['platformatic', 'kafkajs']).default('platformatic').describe('which client library speaks to Kafka'),
    requestTimeoutMs: milliseconds.default(10_000).describe('a request without answer for this long has failed'),
    connectTimeoutMs: milliseconds.default(5_000).describe('the same for connecting'),
  }).prefault({}),
  elasticsearch: z.strictObject({
    requestTimeoutMs: milliseconds.default(30_000).describe('deadline of an administrative call, its repeats included'),
    compression: z.boolean().default(false).describe('gzip request bodies: saves network, costs about 20 ms of CPU per MB'),
  }).prefault({}),
  pipelines: z.array(name).min(1).check(rule(null, 'each pipeline once', (value) => distinct(Object.values(value)))).default(['sold-items', 'closed-listings', 'retail-sales']).describe('names from pipelines/index.ts'),
  reference: z.strictObject({
    directory: path.optional().describe('folder with categories.json, sellers.ndjson, rates.csv; default: the one that comes with the project'),
    url: webAddress.optional().describe('base address that serves the same three files'),
    refreshMs: milliseconds.default(300_000).describe('how often the files are read again; with on-demand, how long a seller is believed'),
    timeoutMs: milliseconds.default(2_000).describe('of one request to url'),
    cacheEntries: z.int().positive().default(100_000).describe('sellers remembered with on-demand'),
    sellers: z.enum(['file', 'on-demand']).default('file').describe('on-demand fetches each seller from <url>/sellers/<id> when it is first needed'),
  }).check(
    atMostOneOf('directory', 'url'),
    rule('sellers', 'reference.url with on-demand', (value) => value['sellers'] !== 'on-demand' || value['url'] !== undefined),
  ).prefault({}),
  objectStore: objectStore.optional(),
  warehouse: z.strictObject({
    directory: path.optional().describe('folder of the warehouse\'s tables; default: they lie in the object store'),
    prefix: z.string().regex(/^([^/].*\/)?$/, 'empty, or a path that ends with a slash').default('warehouse/').describe('where they lie in the object store, below its own prefix'),
  }).prefault({}),
  backfill: backfill.prefault({}),
  topics: topics.prefault({}),
  retention: retention.prefault({}),
  indices: indices.prefault({}),
  ingest: ingest.prefault({}),
  processor: processor.prefault({}),
  heartbeats: z.strictObject({
    everyMs: z.int().min(0).max(3_600_000).default(10_000).describe('ingest writes one heartbeat this often into each source partition that it reads; 0: none, as where it may not write there'),
  }).prefault({}),
  monitor: monitor.prefault({}),
  http: z.strictObject({
    host: z.string().default('127.0.0.1').describe('where /metrics, /livez and /readyz are served'),
    port: port.default(0).describe('0 takes a free one'),
    stallMs: milliseconds.default(60_000).describe('/livez fails when there is work and nothing moved for this long'),
  }).prefault({}),
  tracing: z.strictObject({
    endpoint: webAddress.describe('where spans are posted: OTLP over HTTP, such as http://127.0.0.1:4318/v1/traces; its headers come from OTEL_EXPORTER_OTLP_HEADERS'),
    sampleRatio: z.number().min(0).max(1).default(0.001).describe('share of the events that get a trace; those that come with a traceparent keep what it says'),
  }).optional().describe('without it nothing is traced'),
  log: z.strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info').describe('least severe line that is written, to standard error') }).prefault({}),
});

export type Config = z.output<typeof configSchema>;
/** As a file may have it: what has a default may be left out. */
export type ConfigInput = z.input<typeof configSchema>;
export type KafkaClusterConfig = z.output<typeof kafkaCluster>;
export type ElasticsearchClusterConfig = z.output<typeof elasticsearchCluster>;
export type ProcessorConfig = z.output<typeof processor>;
export type IngestConfig = z.output<typeof ingest>;
export type ObjectStoreConfig = z.output<typeof objectStore>;
export type BackfillConfig = z.output<typeof backfill>;
export type IndicesConfig = z.output<typeof indices>;
