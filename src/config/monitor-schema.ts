import { z } from 'zod';
import { TEXT_FIELDS, TITLE_FIELDS, unknownIn } from '../domain/alert-template.ts';
import { atMostOneOf, distinct, numbersHold, rule } from './rules.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, 'lower case letters, digits and dashes');
const webAddress = z.url({ protocol: /^https?$/, error: 'an address such as https://host/path' }).regex(/^[^@]*$/, 'an address without user and password');
const path = z.string().min(1);
const milliseconds = z.int().positive();
const share = z.number().gt(0).max(1);
const count = z.int().positive();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** What the default rules of the monitor compare with. */
const thresholds = z.strictObject({
  silentMs: milliseconds.min(12_000).default(20_000).describe('a process that told nothing for this long is silent; they tell every 10 s'),
  stalledMs: milliseconds.default(20_000).describe('a lane with work that settles nothing for this long stands still'),
  partitionStalledMs: milliseconds.default(60_000).describe('the same for one partition, while others move'),
  backingOffMs: milliseconds.default(60_000).describe('a lane may wait this long for an overloaded destination'),
  lagRecords: count.default(1_000_000).describe('records of a lane that may wait'),
  lagMs: milliseconds.default(120_000).describe('how old a record may be that waits in a regional topic'),
  lagGrowingMs: milliseconds.default(300_000).describe('a lag that grows through the whole of this time is told'),
  ingestLagMs: milliseconds.default(120_000).describe('how old an event may be that a region was not given'),
  retentionMs: milliseconds.default(6 * 3_600_000).describe('told when topics remove within this time what a region or a lane still needs of them'),
  failureShare: share.default(0.01).describe('share of the operations of ten minutes that may fail'),
  failureCount: count.default(10).describe('fewer failures than this are never told as a share'),
  newKindMs: milliseconds.default(900_000).describe('how long a new kind of failure is told'),
  differenceShare: share.default(0.001).describe('share of a pipeline\'s documents by which the regions may differ, with nothing under way'),
  differenceDocuments: count.default(10).describe('… and number of documents'),
  diskShare: share.default(0.9).describe('share of a node\'s disk that may be used'),
  trafficShare: share.default(0.5).describe('share of yesterday\'s and of last week\'s operations that must come in, whichever were fewer'),
  trafficOperations: count.default(500).describe('fewer operations than this yesterday are not compared'),
  heartbeatMs: milliseconds.default(40_000).describe('a lane into which no heartbeat came for this long (and three intervals) is told'),
  availability: share.default(0.999).describe('share of a day\'s heartbeats that must arrive'),
  freshnessMs: milliseconds.default(30_000).describe('what is promised: from the source to indexed within this time'),
  freshnessTarget: share.max(0.99999).default(0.999).describe('share of the heartbeats that must be in time; alerts tell how fast the rest is spent'),
  certificateMs: milliseconds.default(21 * 24 * HOUR_MS).describe('told when a certificate ends within this time'),
  memoryShare: share.default(0.9).describe('share of its memory that a process may take'),
  loopDelayMs: milliseconds.default(1_000).describe('how late the event loop of a process may be'),
  hostDiskShare: share.default(0.95).describe('share of a host\'s disk that may be used'),
  restarts: count.default(3).describe('restarts of a lane on one machine within ten minutes that are a loop'),
  clockSkewMs: milliseconds.default(5_000).describe('how far a host\'s clock may be ahead'),
  mixedCodeMs: milliseconds.default(1_800_000).describe('how long a rollout may take'),
  auditMs: milliseconds.default(HOUR_MS).describe('a continuous audit that ended no round for this long (and three times its own pause) is told'),
});

/** What every kind of channel may say. */
function policy(repeatMs: number) {
  return {
    severity: z.enum(['critical', 'warning', 'info']).default('info').describe('least severe that is told here'),
    repeatMs: milliseconds.default(repeatMs).describe('a firing alert is told again after this time'),
    groupIntervalMs: z.int().nonnegative().default(repeatMs >= HOUR_MS ? 10_000 : 0).describe('after a message on a rule, further ones wait this long and come together'),
    perMinute: count.default(30).describe('messages at most; the rest waits'),
  };
}

/** A text of one's own, with placeholders such as {what}. */
const template = (fields: readonly string[]) => z.string().min(1).superRefine((text, context) => {
  const [unknown] = unknownIn(text, fields);
  if (unknown !== undefined) context.addIssue({ code: 'custom', message: `nothing stands for {${unknown}}; there are ${fields.map((field) => `{${field}}`).join(', ')} and {label:NAME}` });
}).optional();
/** What channels for people may word in their own way. */
const wording = {
  title: template(TITLE_FIELDS).describe('of a message, instead of "{installation}{state} {rule}: {subject}"'),
  text: template(TEXT_FIELDS).describe('of each alert, instead of all that is known; a line whose placeholders are all empty is left out'),
};

const given = (what: string) => rule(what, `${what} or ${what}File`, (value) => value[what] !== undefined || value[`${what}File`] !== undefined);
const secret = (what: string) => z.string().min(1).optional().describe(`secret; prefer ${what}File or the environment`);
const secretFile = (what: string) => path.optional().describe(`file that holds the ${what}; a trailing newline is dropped`);

const alertmanager = z.strictObject({ url: webAddress.describe('base address; /api/v2/alerts is added'), ...policy(MINUTE_MS) });
const webhook = z.strictObject({ url: webAddress.describe('is posted the message as JSON'), secret: secret('secret'), secretFile: secretFile('secret'), ...policy(4 * HOUR_MS) }).check(atMostOneOf('secret', 'secretFile'));
const slack = z.strictObject({ webhookUrl: webAddress.optional().describe('secret; prefer webhookUrlFile or the environment'), webhookUrlFile: secretFile('webhookUrl'), ...wording, ...policy(4 * HOUR_MS) }).check(atMostOneOf('webhookUrl', 'webhookUrlFile'), given('webhookUrl'));
const pagerduty = z.strictObject({
  url: webAddress.default('https://events.pagerduty.com/v2/enqueue').describe('of the Events API v2'),
  routingKey: secret('routingKey'), routingKeyFile: secretFile('routingKey'), ...policy(4 * HOUR_MS),
}).check(atMostOneOf('routingKey', 'routingKeyFile'), given('routingKey'));
const email = z.strictObject({
  host: z.string().min(1).describe('SMTP server'),
  port: z.int().min(1).max(65_535).default(587).describe('465 is usual with implicit TLS'),
  tls: z.enum(['implicit', 'required', 'none']).default('required').describe('TLS from the first byte, STARTTLS or nothing, or in the clear'),
  caFile: path.optional().describe('PEM file of the authorities to trust instead of the system ones'),
  username: z.string().min(1).optional().describe('goes with password or passwordFile'),
  password: secret('password'), passwordFile: secretFile('password'),
  from: z.string().min(3).describe('sender'),
  to: z.array(z.string().min(3)).min(1).describe('receivers'),
  ...wording,
  ...policy(4 * HOUR_MS),
}).check(atMostOneOf('password', 'passwordFile'));
const topic = z.strictObject({ region: name.describe('in whose Kafka'), topic: name.default('sluice-alerts').describe('made where it is missing; the prefix is put before it'), ...policy(MINUTE_MS) });

const channels = z.strictObject({
  alertmanager: z.record(name, alertmanager).default({}),
  webhook: z.record(name, webhook).default({}),
  slack: z.record(name, slack).default({}),
  pagerduty: z.record(name, pagerduty).default({}),
  email: z.record(name, email).default({}),
  kafka: z.record(name, topic).default({}),
}).check(rule(null, 'each channel under a name of its own', (value) => distinct(Object.values(value).flatMap((kind) => Object.keys((kind ?? {}))))));

export type ChannelsConfig = z.output<typeof channels>;

export const monitor = z.strictObject({
  intervalMs: milliseconds.min(500).max(60_000).default(5_000).describe('how often everything is looked at'),
  leaseMs: milliseconds.min(3_000).default(15_000).describe('how long after its last sign of life another monitor takes over'),
  runbook: webAddress.optional().describe('address of docs/runbook.md as people can open it; alerts link to it'),
  channels: channels.prefault({}),
  thresholds: thresholds.prefault({}),
}).check(
  numbersHold('leaseMs', 'at least twice intervalMs', ['intervalMs'], (lease, interval) => lease >= 2 * interval),
);
