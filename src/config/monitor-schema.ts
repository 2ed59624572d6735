import { z } from 'zod';
import { numbersHold } from './rules.ts';

const milliseconds = z.int().positive();
const share = z.number().gt(0).max(1);
const count = z.int().positive();

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
  retentionMs: milliseconds.default(6 * 3_600_000).describe('told when the source removes within this time what a region still needs'),
  failureShare: share.default(0.01).describe('share of the operations of ten minutes that may fail'),
  failureCount: count.default(10).describe('fewer failures than this are never told as a share'),
  newKindMs: milliseconds.default(900_000).describe('how long a new kind of failure is told'),
  differenceShare: share.default(0.001).describe('share of a pipeline\'s documents by which the regions may differ, with nothing under way'),
  differenceDocuments: count.default(10).describe('… and number of documents'),
  diskShare: share.default(0.9).describe('share of a node\'s disk that may be used'),
  trafficShare: share.default(0.5).describe('share of yesterday\'s operations that must come in'),
  trafficOperations: count.default(500).describe('fewer operations than this yesterday are not compared'),
  clockSkewMs: milliseconds.default(5_000).describe('how far a host\'s clock may be ahead'),
  mixedCodeMs: milliseconds.default(1_800_000).describe('how long a rollout may take'),
});

export const monitor = z.strictObject({
  intervalMs: milliseconds.min(500).max(60_000).default(5_000).describe('how often everything is looked at'),
  leaseMs: milliseconds.min(3_000).default(15_000).describe('how long after its last sign of life another monitor takes over'),
  thresholds: thresholds.prefault({}),
}).check(
  numbersHold('leaseMs', 'at least twice intervalMs', ['intervalMs'], (lease, interval) => lease >= 2 * interval),
);
