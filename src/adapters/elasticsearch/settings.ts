import type { ClientOptions } from '@elastic/elasticsearch';

/** How to reach one Elasticsearch cluster. */
export interface ElasticsearchSettings {
  /** Base addresses, http or https; requests go round them. */
  readonly nodes: readonly string[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Encoded API key; goes before username and password. */
  readonly apiKey?: string | undefined;
  readonly tls?: TlsSettings | undefined;
  /** Deadline of an administrative call, its repeats included, ms. */
  readonly requestTimeoutMs: number;
  /** Most connections to each node; further requests wait their turn. */
  readonly maxSockets: number;
  /** Compresses request bodies with gzip: saves network, costs about 20 ms of CPU per MB. */
  readonly compression: boolean;
}

/** PEM texts (not file names). */
export interface TlsSettings {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** Name to verify when it differs from the host. */
  readonly serverName?: string | undefined;
  readonly rejectUnauthorized: boolean;
}

const KEEP_ALIVE_MS = 60_000;
/** Repeats of an idempotent administrative call; a bulk request is never repeated here. */
export const ADMIN_RETRIES = 3;

/** The options of the official client: no sniffing, no time-outs of its own, nothing that costs the hot path. */
export function clientOptionsOf(settings: ElasticsearchSettings): ClientOptions {
  const auth = authOf(settings);
  return {
    nodes: [...settings.nodes],
    ...(auth === undefined ? {} : { auth }),
    ...(settings.tls === undefined ? {} : { tls: tlsOf(settings.tls) }),
    maxRetries: ADMIN_RETRIES,
    compression: settings.compression,
    enableMetaHeader: false,
    // By default the client copies what it was asked to send into each error, to redact it: a body byte by byte, as objects.
    redaction: { type: 'remove' },
    agent: { connections: settings.maxSockets, keepAliveTimeout: KEEP_ALIVE_MS, keepAliveMaxTimeout: KEEP_ALIVE_MS },
  };
}

function authOf({ apiKey, username, password }: ElasticsearchSettings): ClientOptions['auth'] {
  if (apiKey !== undefined) return { apiKey };
  return username === undefined ? undefined : { username, password: password ?? '' };
}

function tlsOf({ ca, cert, key, serverName, rejectUnauthorized }: TlsSettings): NonNullable<ClientOptions['tls']> {
  return {
    rejectUnauthorized,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
