import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { redact, messageOf } from '../domain/errors.ts';
import type { Clock } from '../ports/clock.ts';
import { liveness, marked, readiness, type HealthPart, type Mark } from './health.ts';

/** Where `/metrics` comes from: a prom-client registry, or several as one. */
export interface MetricsSource {
  readonly contentType: string;
  metrics(): Promise<string>;
}

export interface HealthServerOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly metrics: MetricsSource;
  readonly clock: Clock;
  /** `/livez` fails when a part has work and made no progress for this long, ms. */
  readonly stallMs: number;
  /** Facts about the process for `/status`. */
  readonly about: Readonly<Record<string, unknown>>;
  /** Asked first; true where it answers the request itself. */
  readonly handle?: (request: IncomingMessage, response: ServerResponse) => boolean;
}

/** `/metrics`, `/livez`, `/readyz` and `/status` of one process. */
export interface HealthServer {
  /** `http://host:port` */
  readonly url: string;
  register(part: HealthPart): void;
  phase(phase: 'starting' | 'running' | 'draining'): void;
  close(): Promise<void>;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

const SAMPLE_MS = 1_000;
const REQUEST_TIMEOUT_MS = 5_000;

/** Starts the server; it listens when the promise resolves. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const parts: HealthPart[] = [];
  const marks = new Map<string, Mark>();
  let phase: 'starting' | 'running' | 'draining' = 'starting';

  function sample(): void {
    for (const part of parts) marks.set(part.name, marked(marks.get(part.name), part.progress(), options.clock.monotonic()));
  }
  async function page(path: string): Promise<Page> {
    sample();
    switch (path) {
      case '/metrics': return { status: 200, type: options.metrics.contentType, body: await options.metrics.metrics() };
      case '/livez': return verdictPage(liveness(marks, options.clock.monotonic(), options.stallMs));
      case '/readyz': return verdictPage(readiness(parts, phase));
      case '/status': return json(200, { ...options.about, phase, live: liveness(marks, options.clock.monotonic(), options.stallMs), ready: readiness(parts, phase), parts: Object.fromEntries(parts.map((part) => [part.name, redact(part.status())])) });
      default: return json(404, { error: `no such page: ${path}; there are /metrics, /livez, /readyz and /status` });
    }
  }

  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    if (options.handle?.(request, response) !== true) void answer(request, response, page);
  });
  await listen(server, options);
  const sampling = setInterval(sample, SAMPLE_MS).unref();
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    register: (part) => void parts.push(part),
    phase: (next) => { phase = next; },
    close: () => { clearInterval(sampling); return stop(server); },
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, page: (path: string) => Promise<Page>): Promise<void> {
  const { status, type, body } = await pageFor(request, page).catch((error: unknown) => json(500, { error: messageOf(error) }));
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(request.method === 'HEAD' ? undefined : body);
}

async function pageFor(request: IncomingMessage, page: (path: string) => Promise<Page>): Promise<Page> {
  if (request.method !== 'GET' && request.method !== 'HEAD') return json(405, { error: 'only GET and HEAD' });
  return page((request.url ?? '/').split('?', 1)[0] ?? '/');
}

function verdictPage(verdict: { ok: boolean; reasons: readonly string[] }): Page {
  return json(verdict.ok ? 200 : 503, verdict);
}

function json(status: number, value: unknown): Page {
  return { status, type: 'application/json; charset=utf-8', body: `${JSON.stringify(value)}\n` };
}

function listen(server: Server, where: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where.port, where.host, () => { server.off('error', reject); resolve(); });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
