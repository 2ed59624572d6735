import { openPassThrough, type PassThrough } from '../pass-through.ts';

export interface CountingProxy extends PassThrough {
  /** Bytes of the bodies of bulk requests so far, counted when a request begins. */
  bulkBytes(): number;
}

/** Stands before an Elasticsearch and counts what passes: an account that is not the lane's own. */
export async function openCountingProxy(node: string): Promise<CountingProxy> {
  let bulkBytes = 0;
  const through = await openPassThrough(node, ({ url, headers }) => {
    if (url?.includes('_bulk') === true) bulkBytes += Number(headers['content-length'] ?? 0);
    return false;
  });
  return { ...through, bulkBytes: () => bulkBytes };
}
