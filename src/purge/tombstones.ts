import { deleteDocuments, type DeleteParts, type DeleteReport } from './delete-documents.ts';

/**
 * Deletes tombstones in indices of these patterns (such as `sold-items-*`) that came before a time (epoch ms), from which on no
 * record that could bring their documents back can still come. Rejects with SluiceError `ELASTICSEARCH_*`.
 */
export async function purgeTombstones(patterns: readonly string[], before: number, parts: DeleteParts, signal: AbortSignal): Promise<DeleteReport> {
  return await deleteDocuments(patterns, { bool: { filter: [{ term: { deleted: true } }, { range: { 'origin.tombstone_at': { lt: before } } }] } }, parts, signal);
}
