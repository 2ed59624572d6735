import { z } from 'zod';
import { messageOf } from '../domain/errors.ts';

const cap = z.number().nonnegative().nullable();

/**
 * How fast may be written to a region's Elasticsearch; null leaves it to the configuration. A cap of 0 is a pause.
 * `searchFactor`: how much slower the slowest hundredth of the searches may get; 0 switches the search guard off.
 */
const ratePolicy = z.strictObject({
  documentsPerSecond: cap,
  bytesPerSecond: cap,
  searchFactor: z.union([z.literal(0), z.number().gt(1).max(100)]).nullable(),
  /** Epoch ms. */
  at: z.int().nonnegative(),
  by: z.string(),
});

export type RatePolicy = z.output<typeof ratePolicy>;
export type RateValues = Pick<RatePolicy, 'documentsPerSecond' | 'bytesPerSecond' | 'searchFactor'>;

const KEY_START = 'rate/';

/** The key of a region's rate in the policy topic. */
export function rateKey(region: string): string {
  return `${KEY_START}${region}`;
}

/** What stands in the topic; a value that cannot be read is told and leaves what was there before. */
export function readRatePolicy(value: Buffer): { readonly policy: RatePolicy } | { readonly problem: string } {
  try {
    return { policy: ratePolicy.parse(JSON.parse(value.toString('utf8'))) };
  } catch (error) {
    return { problem: error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error) };
  }
}

export function writeRatePolicy(policy: RatePolicy): Buffer {
  return Buffer.from(JSON.stringify(policy));
}

/** What holds: the policy, and where it says nothing, the configuration. */
export function effectiveRate(policy: RateValues | null, configured: RateValues): RateValues {
  return {
    documentsPerSecond: policy?.documentsPerSecond ?? configured.documentsPerSecond,
    bytesPerSecond: policy?.bytesPerSecond ?? configured.bytesPerSecond,
    searchFactor: policy?.searchFactor ?? configured.searchFactor,
  };
}
