import type { DeleteReport } from '../../purge/delete-documents.ts';
import type { OwnPurgeReport } from '../../purge/own-indices.ts';

/** What a purge came to in one region. */
export interface RegionPurge extends OwnPurgeReport {
  readonly tombstones: DeleteReport;
  /** Why it came to an end before its time; null where it did not. */
  readonly problem: string | null;
}

/** One region in a few lines. */
export function purgeView(region: string, { tombstones, failures, indices, kept, problem }: RegionPurge, dryRun: boolean): string {
  const names = indices.length === 0 ? '' : `: ${indices.join(', ')}`;
  return [
    `${region}: ${dryRun ? 'would delete ' : ''}${documents(tombstones, 'tombstones', dryRun)}, ${documents(failures, 'closed failures', dryRun)}, ${indices.length} indices${dryRun ? '' : ' deleted'}${names}`,
    ...(tombstones.kept === 0 ? [] : [`  ${tombstones.kept} tombstones stay: another region still has an older copy of their documents (sluice audit)`]),
    ...kept.map((index) => `  ${index} is old enough and stays: something in it is still open`),
    ...(problem === null ? [] : [`  not purged to the end: ${problem}`]),
  ].join('\n');
}

function documents({ found, deleted, superseded }: DeleteReport, what: string, dryRun: boolean): string {
  if (dryRun) return `${found} ${what}`;
  return `${deleted} ${what}${superseded > 0 ? ` (${superseded} left alone: changed in the meantime)` : ''}`;
}
