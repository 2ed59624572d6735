import { Client } from '@elastic/elasticsearch';
import type { SearchCluster } from '../../ports/search-index.ts';
import { sendBulk } from './bulk.ts';
import { callJson, readBytes } from './call.ts';
import { clientOptionsOf, type ElasticsearchSettings } from './settings.ts';

/** Opens a cluster over the official client's transport and connection pool. Nothing is sent until it is used. */
export function connectElasticsearch(settings: ElasticsearchSettings): SearchCluster {
  const client = new Client(clientOptionsOf(settings));
  return {
    bulk: (request) => sendBulk(client, request),
    call: (method, path, body, options) => callJson(client, settings.requestTimeoutMs, method, path, body, options),
    read: (path, question, options) => readBytes(client, settings.requestTimeoutMs, path, question, options),
    close: () => client.close(),
  };
}
