import { contentOf } from '../domain/content.ts';
import { refuseUnread, type UnreadDocument } from '../domain/unread.ts';
import type { Asking } from './asking.ts';
import type { Copy } from './judge.ts';

/** Documents read at once, a region. */
const AT_ONCE = 200;

interface Got {
  readonly _id: string;
  readonly found?: boolean;
  readonly _version?: number;
  readonly _source?: Record<string, unknown>;
  readonly error?: UnreadDocument;
}

/** The documents as they are now, refreshed or not; null for those that are not there. */
export async function readCopies(asking: Asking, index: string, ids: readonly string[]): Promise<Map<string, Copy | null>> {
  const copies = new Map<string, Copy | null>();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const body = await asking.ask('/_mget', { docs: ids.slice(at, at + AT_ONCE).map((id) => ({ _index: index, _id: id })) });
    for (const got of body['docs'] as Got[]) copies.set(got._id, copyOf(got, index));
  }
  return copies;
}

function copyOf({ _id, found, _version, _source, error }: Got, index: string): Copy | null {
  refuseUnread(`${index}/${_id}`, error);
  return found === true ? { version: _version as number, content: contentOf(_source ?? {}) } : null;
}

/** Open failures of these documents in one region: id of the document → id of the failure. */
export async function openFailures(asking: Asking, alias: string, pipeline: string, ids: readonly string[]): Promise<Map<string, string>> {
  const failures = new Map<string, string>();
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const filter = [{ terms: { document_id: ids.slice(at, at + AT_ONCE) } }, { term: { pipeline } }, { terms: { state: ['open', 'redriving'] } }];
    const question = { size: 10 * AT_ONCE, query: { bool: { filter } }, _source: ['document_id'], track_total_hits: false };
    const body = await asking.askNumbers(`/${alias}/_search?ignore_unavailable=true`, question);
    for (const { _id, _source } of (body['hits'] as { hits: { _id: string; _source: { document_id: string } }[] }).hits) failures.set(_source.document_id, _id);
  }
  return failures;
}
