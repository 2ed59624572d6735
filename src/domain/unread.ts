import { SluiceError } from './errors.ts';

/** What `_mget` says of a document in place of it. */
export interface UnreadDocument { readonly type: string; readonly reason: string }

const INDEX_IS_ABSENT = 'index_not_found_exception';

/** A shard that is away or an index that is closed says nothing about its documents: throws ELASTICSEARCH_UNAVAILABLE. An index that is not there has none. */
export function refuseUnread(document: string, error: UnreadDocument | undefined): void {
  if (error === undefined || error.type === INDEX_IS_ABSENT) return;
  throw new SluiceError('ELASTICSEARCH_UNAVAILABLE', `${document} cannot be read: ${error.type}: ${error.reason}`);
}
