import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { connectElasticsearch } from '../../../src/adapters/elasticsearch/connect.ts';
import type { ElasticsearchSettings } from '../../../src/adapters/elasticsearch/settings.ts';
import type { Answer, SearchCluster } from '../../../src/ports/search-index.ts';
import { makeCertificate } from '../../support/certificate.ts';

const BODY = Buffer.from('{"delete":{"_index":"i","_id":"1"}}\n');
const PRODUCT = { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' };
const APPLIED = '{"errors":false,"took":1,"items":[{"delete":{"status":200}}]}';
const TIMEOUT_MS = 10_000;

const opened: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

describe('bulk', () => {
  test('sends the bytes as they are, as NDJSON, with no header that is not needed', async () => {
    const seen: { request: IncomingMessage; body: string }[] = [];
    const cluster = connect(await serve(async (request, response) => {
      seen.push({ request, body: await text(request) });
      answer(response, 200, APPLIED);
    }));
    expect(await bulk(cluster)).toEqual({ kind: 'answered', status: 200, body: Buffer.from(APPLIED) });
    const { request, body } = seen[0] ?? fail();
    expect(body).toBe(BODY.toString());
    expect(request.url).toBe('/_bulk?timeout=8000ms&filter_path=errors,took,items.*.status,items.*.error.type');
    expect(request.headers).toMatchObject({ 'content-type': 'application/vnd.elasticsearch+x-ndjson; compatible-with=9', 'content-length': String(BODY.length) });
    expect(Object.keys(request.headers)).not.toContain('x-elastic-client-meta');
    for (const header of ['content-encoding', 'traceparent']) expect(Object.keys(request.headers)).not.toContain(header);
  });

  test('sends a view into a larger buffer as that view alone', async () => {
    const bodies: string[] = [];
    const cluster = connect(await serve(async (request, response) => {
      bodies.push(await text(request));
      answer(response, 200, APPLIED);
    }));
    const larger = new Uint8Array(Buffer.concat([Buffer.from('xxx'), BODY, Buffer.from('yyy')]));
    await cluster.bulk({ body: larger.subarray(3, 3 + BODY.length), detail: 'full', timeoutMs: TIMEOUT_MS });
    expect(bodies).toEqual([BODY.toString()]);
  });

  test.each([400, 401, 403, 413, 429, 500, 502, 503, 504])('status %i is an answer, asked for once', async (status) => {
    let asked = 0;
    const cluster = connect(await serve((_, response) => {
      asked++;
      answer(response, status, '{"error":{"type":"t"}}');
    }));
    expect(await bulk(cluster)).toEqual({ kind: 'answered', status, body: Buffer.from('{"error":{"type":"t"}}') });
    expect(asked).toBe(1);
  });

  test('an answer that is not JSON comes through as its bytes', async () => {
    const cluster = connect(await serve((_, response) => answer(response, 502, '<html>Bad Gateway</html>', { 'content-type': 'text/html' })));
    expect(await bulk(cluster)).toEqual({ kind: 'answered', status: 502, body: Buffer.from('<html>Bad Gateway</html>') });
  });

  test('a compressed connection sends gzip and reads gzip', async () => {
    const bodies: string[] = [];
    const cluster = connect(await serve((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
        bodies.push(gunzipSync(Buffer.concat(chunks)).toString());
        response.writeHead(200, { ...PRODUCT, 'content-encoding': 'gzip' }).end(gzipSync(APPLIED));
      });
    }), { compression: true });
    expect(await bulk(cluster)).toEqual({ kind: 'answered', status: 200, body: Buffer.from(APPLIED) });
    expect(bodies).toEqual([BODY.toString()]);
  });

  test('a refused connection is silent', async () => {
    const cluster = connect('http://127.0.0.1:1');
    expect(await bulk(cluster)).toMatchObject({ kind: 'silent', cause: 'connection', reason: expect.stringContaining('ECONNREFUSED') as string });
  });

  test('a connection reset before the answer is silent, and is not tried again', async () => {
    let asked = 0;
    const cluster = connect(await serve((request) => {
      asked++;
      request.socket.destroy();
    }));
    expect(await bulk(cluster)).toMatchObject({ kind: 'silent', cause: 'connection' });
    expect(asked).toBe(1);
  });

  test('a connection reset within the answer is silent', async () => {
    const cluster = connect(await serve((_, response) => {
      response.writeHead(200, { ...PRODUCT, 'content-length': 100 });
      response.write(APPLIED.slice(0, 20), () => response.destroy());
    }));
    expect(await bulk(cluster)).toMatchObject({ kind: 'silent', cause: 'connection' });
  });

  test('no answer in time is silent', async () => {
    const cluster = connect(await serve(() => undefined));
    expect(await bulk(cluster, { timeoutMs: 50 })).toMatchObject({ kind: 'silent', cause: 'timeout' });
  });

  test('a request that gets no answer is not copied into its error: that would cost twenty times its size in objects', async () => {
    const cluster = connect(await serve(() => undefined));
    const body = Buffer.alloc(4 * 1024 * 1024, BODY);
    const before = process.memoryUsage().heapUsed;
    await bulk(cluster, { body, timeoutMs: 50 });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(body.length);
  });

  test('half an answer in time is silent', async () => {
    const cluster = connect(await serve((_, response) => {
      response.writeHead(200, PRODUCT).write(APPLIED.slice(0, 20));
    }));
    expect(await bulk(cluster, { timeoutMs: 100 })).toMatchObject({ kind: 'silent', cause: 'timeout' });
  });

  test('the time-out of one request leaves the others that share its signal alone', async () => {
    const cluster = connect(await serve(() => undefined));
    const { signal } = new AbortController();
    let aborts = 0;
    signal.addEventListener('abort', () => void aborts++);
    await bulk(cluster, { timeoutMs: 50, signal });
    expect(aborts).toBe(0);
  });

  test('an aborted request is silent', async () => {
    const controller = new AbortController();
    const cluster = connect(await serve(() => controller.abort()));
    expect(await bulk(cluster, { signal: controller.signal })).toMatchObject({ kind: 'silent', cause: 'aborted' });
  });

  test('an answer from something that is not Elasticsearch is silent, and its connection is not lost', async () => {
    let product: Record<string, string> = { 'content-type': 'text/html' };
    // Larger than what sockets hold: left unread, it would keep the only connection busy for good.
    const cluster = connect(await serve((_, response) => answer(response, 200, APPLIED.padEnd(4_000_000), product)), { maxSockets: 1 });
    expect(await bulk(cluster)).toMatchObject({ kind: 'silent', cause: 'connection' });
    product = PRODUCT;
    expect(await bulk(cluster)).toMatchObject({ kind: 'answered', status: 200 });
  });

  test('connections are bounded, and kept alive', async () => {
    const sockets = new Set<Socket>();
    const cluster = connect(await serve((request, response) => {
      sockets.add(request.socket);
      setImmediate(() => answer(response, 200, APPLIED));
    }), { maxSockets: 2 });
    for (let round = 0; round < 3; round++) await Promise.all(Array.from({ length: 6 }, () => bulk(cluster)));
    expect(sockets.size).toBe(2);
  });

  test('requests go round the nodes, and past one that is down', async () => {
    const counts = [0, 0];
    const nodes = await Promise.all(counts.map((_, node) => serve((request, response) => {
      counts[node] = (counts[node] ?? 0) + 1;
      request.resume();
      answer(response, 200, APPLIED);
    })));
    const cluster = connect([...nodes, 'http://127.0.0.1:1']);
    const answers: Answer[] = [];
    for (let request = 0; request < 30; request++) answers.push(await bulk(cluster));
    expect(Math.min(...counts)).toBeGreaterThan(5);
    expect(answers.filter(({ kind }) => kind === 'silent').length).toBeLessThan(10);
  });
});

describe('call', () => {
  test('an idempotent call is tried again while a node gives no answer', async () => {
    let asked = 0;
    const cluster = connect(await serve((_, response) => answer(response, ++asked < 3 ? 503 : 200, '{"ok":true}')));
    expect(await cluster.call('GET', '/_cluster/health')).toEqual({ status: 200, body: { ok: true } });
    expect(asked).toBe(3);
  });

  test('a POST is not', async () => {
    let asked = 0;
    const cluster = connect(await serve((_, response) => {
      asked++;
      answer(response, 503, '{"error":{"type":"cluster_block_exception","reason":"no master"}}');
    }));
    await expect(cluster.call('POST', '/_aliases', {})).rejects.toMatchObject({
      code: 'ELASTICSEARCH_UNAVAILABLE',
      details: { status: 503, type: 'cluster_block_exception', reason: 'no master' },
    });
    expect(asked).toBe(1);
  });

  test('a refusal says status, type and reason', async () => {
    const cluster = connect(await serve((_, response) => answer(response, 400, '{"error":{"type":"illegal_argument_exception","reason":"no"},"status":400}')));
    await expect(cluster.call('PUT', '/i', {})).rejects.toMatchObject({ code: 'ELASTICSEARCH_REFUSED', details: { method: 'PUT', path: '/i', status: 400, type: 'illegal_argument_exception', reason: 'no' } });
  });

  test('no answer is ELASTICSEARCH_UNAVAILABLE, without the password', async () => {
    const cluster = connect('http://127.0.0.1:1', { username: 'etl', password: 'hidden-word' });
    const error = await cluster.call('POST', '/_aliases', {}).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ELASTICSEARCH_UNAVAILABLE', details: { cause: 'connection' } });
    expect(JSON.stringify(error) + String(error)).not.toContain('hidden-word');
  });

  test('a call has a deadline', async () => {
    const cluster = connect(await serve(() => undefined));
    await expect(cluster.call('GET', '/_cluster/health', undefined, { timeoutMs: 50 })).rejects.toMatchObject({ code: 'ELASTICSEARCH_UNAVAILABLE', details: { cause: 'timeout' } });
  });

  test('a text body goes out as NDJSON', async () => {
    const seen: { type: string | undefined; body: string }[] = [];
    const cluster = connect(await serve(async (request, response) => {
      seen.push({ type: request.headers['content-type'], body: await text(request) });
      answer(response, 200, '{}');
    }));
    await cluster.call('POST', '/_msearch', '{}\n{}\n');
    expect(seen).toEqual([{ type: expect.stringContaining('x-ndjson') as string, body: '{}\n{}\n' }]);
  });
});

describe('credentials', () => {
  async function authorizationOf(settings: Partial<ElasticsearchSettings>): Promise<string | undefined> {
    let authorization: string | undefined;
    const cluster = connect(await serve((request, response) => {
      authorization = request.headers.authorization;
      answer(response, 200, APPLIED);
    }), settings);
    await bulk(cluster);
    const bulkAuthorization = authorization;
    await cluster.call('GET', '/_cluster/health');
    expect(authorization).toBe(bulkAuthorization);
    return authorization;
  }

  test('user name and password', async () => {
    expect(await authorizationOf({ username: 'etl', password: 'pa:ss' })).toBe(`Basic ${Buffer.from('etl:pa:ss').toString('base64')}`);
  });
  test('an API key goes before them', async () => {
    expect(await authorizationOf({ username: 'etl', password: 'x', apiKey: 'a2V5' })).toBe('ApiKey a2V5');
  });
  test('none', async () => {
    expect(await authorizationOf({})).toBeUndefined();
  });
  test('wrong ones are an answer of a bulk request, and a refusal of a call', async () => {
    const cluster = connect(await serve((_, response) => answer(response, 401, '{"error":{"type":"security_exception","reason":"who?"},"status":401}')));
    expect(await bulk(cluster)).toMatchObject({ kind: 'answered', status: 401 });
    await expect(cluster.call('GET', '/_cluster/health')).rejects.toMatchObject({ code: 'ELASTICSEARCH_REFUSED', details: { status: 401, type: 'security_exception' } });
  });
});

describe('TLS', () => {
  const authority = makeCertificate('authority', ['authority']);
  const server = makeCertificate('server', ['127.0.0.1', 'search.example'], { name: 'authority', key: authority.key });
  const stranger = makeCertificate('stranger', ['elsewhere.example'], { name: 'authority', key: authority.key });
  const client = makeCertificate('client', ['client'], { name: 'authority', key: authority.key });

  test('trusts the authority that it is given, and carries credentials', async () => {
    let authorization: string | undefined;
    const address = await serveTls(server, (request, response) => {
      authorization = request.headers.authorization;
      answer(response, 200, APPLIED);
    });
    const cluster = connect(address, { apiKey: 'a2V5', tls: { ca: authority.cert, rejectUnauthorized: true } });
    expect(await bulk(cluster)).toMatchObject({ kind: 'answered', status: 200 });
    expect(authorization).toBe('ApiKey a2V5');
  });
  test('an unknown authority is silence, not data', async () => {
    const cluster = connect(await serveTls(server, (_, response) => answer(response, 200, APPLIED)), { tls: { rejectUnauthorized: true } });
    expect(await bulk(cluster)).toMatchObject({ kind: 'silent', cause: 'connection' });
  });
  test('a name that is not in the certificate is refused, unless that name is expected', async () => {
    const address = await serveTls(stranger, (_, response) => answer(response, 200, APPLIED));
    expect(await bulk(connect(address, { tls: { ca: authority.cert, rejectUnauthorized: true } }))).toMatchObject({ kind: 'silent' });
    expect(await bulk(connect(address, { tls: { ca: authority.cert, serverName: 'elsewhere.example', rejectUnauthorized: true } }))).toMatchObject({ kind: 'answered' });
  });
  test('any certificate passes when that is asked for', async () => {
    const cluster = connect(await serveTls(server, (_, response) => answer(response, 200, APPLIED)), { tls: { rejectUnauthorized: false } });
    expect(await bulk(cluster)).toMatchObject({ kind: 'answered' });
  });
  test('shows its own certificate', async () => {
    let peer: string | undefined;
    const address = await serveTls(server, (request, response) => {
      peer = (request.socket as TLSSocket).getPeerCertificate().subject.CN as string;
      answer(response, 200, APPLIED);
    }, authority.cert);
    expect(await bulk(connect(address, { tls: { ca: authority.cert, rejectUnauthorized: true } }))).toMatchObject({ kind: 'silent' });
    expect(await bulk(connect(address, { tls: { ca: authority.cert, ...client, rejectUnauthorized: true } }))).toMatchObject({ kind: 'answered' });
    expect(peer).toBe('client');
  });
});

function connect(nodes: string | readonly string[], settings: Partial<ElasticsearchSettings> = {}): SearchCluster {
  const cluster = connectElasticsearch({ nodes: [nodes].flat(), requestTimeoutMs: TIMEOUT_MS, maxSockets: 4, compression: false, ...settings });
  opened.push(() => cluster.close());
  return cluster;
}

function bulk(cluster: SearchCluster, options: { body?: Buffer; timeoutMs?: number; signal?: AbortSignal } = {}): Promise<Answer> {
  return cluster.bulk({ body: BODY, detail: 'terse', timeoutMs: TIMEOUT_MS, ...options });
}

function answer(response: ServerResponse, status: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...(headers['content-type'] === 'text/html' ? {} : PRODUCT), ...headers }).end(body);
}

type Listener = (request: IncomingMessage, response: ServerResponse) => unknown;

async function serve(listener: Listener): Promise<string> {
  return listen(createHttpServer((request, response) => void listener(request, response)), 'http');
}
async function serveTls({ cert, key }: { cert: string; key: string }, listener: Listener, clientAuthority?: string): Promise<string> {
  const asked = clientAuthority === undefined ? {} : { ca: clientAuthority, requestCert: true, rejectUnauthorized: true };
  return listen(createTlsServer({ cert, key, ...asked }, (request, response) => void listener(request, response)), 'https');
}
async function listen(server: Server, scheme: string): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function fail(): never {
  throw new Error('no request came');
}
