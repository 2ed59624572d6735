import type { DeleteReport } from '../../purge/delete-documents.ts';
import type { OwnPurgeReport } from '../../purge/own-indices.ts';

/** What a purge came to in one region. */
export interface RegionPurge extends OwnPurgeReport {
  readonly tombstones: DeleteReport;
}

/** One region in a few lines. */
export function purgeView(region: string, { tombstones, failures, indices, kept }: RegionPurge, dryRun: boolean): string {
  const names = indices.length === 0 ? '' : `: ${indices.join(', ')}`;
  return [
    `${region}: ${dryRun ? 'would delete ' : ''}${documents(tombstones, 'tombstones', dryRun)}, ${documents(failures, 'closed failures', dryRun)}, ${indices.length} indices${dryRun ? '' : ' deleted'}${names}`,
    ...kept.map((index) => `  ${index} is old enough and stays: something in it is still open`),
  ].join('\n');
}

function documents({ found, deleted, superseded }: DeleteReport, what: string, dryRun: boolean): string {
  if (dryRun) return `${found} ${what}`;
  return `${deleted} ${what}${superseded > 0 ? ` (${superseded} left alone: changed in the meantime)` : ''}`;
}
