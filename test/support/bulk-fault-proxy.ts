import { createServer, request, Agent, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** What Elasticsearch is made to answer, whole requests or single items; the rest reaches the server unchanged. */
export type AnswerMode = 'pass' | 'items-429' | 'request-429' | 'request-503' | 'request-413' | 'slow';

const LOCAL = '127.0.0.1';
/** Largest bulk body that is let through while requests are too large, bytes; a single operation always is. */
const SMALL_BODY = 20_000;
const SLOW_MS = 1_500;
/** Share of a request's items that are refused while items are refused. */
const REFUSED_SHARE = 0.4;
const REJECTED_ITEM = { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'rejected execution of a coordinating operation' } };
const REFUSALS: Readonly<Record<'request-429' | 'request-503' | 'request-413', { status: number; type: string }>> = {
  'request-429': { status: 429, type: 'es_rejected_execution_exception' },
  'request-503': { status: 503, type: 'cluster_block_exception' },
  'request-413': { status: 413, type: 'content_too_long_exception' },
};

/** One operation of a bulk body: its verb and its bytes. */
interface Operation {
  readonly verb: string;
  readonly bytes: Buffer;
}

type Item = Readonly<Record<string, unknown>>;

/** An HTTP proxy in front of Elasticsearch that answers in its place, or changes what it is asked and what it answers. */
export class BulkFaultProxy {
  readonly port: number;
  mode: AnswerMode = 'pass';
  readonly #target: () => number;
  readonly #random: () => number;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server: Server;

  constructor(port: number, target: () => number, random: () => number) {
    this.port = port;
    this.#target = target;
    this.#random = random;
    this.#server = createServer({ keepAliveTimeout: 60_000 }, (incoming, outgoing) => {
      // A broken line is what the client is meant to see then.
      this.#serve(incoming, outgoing).catch(() => outgoing.destroy());
    });
  }

  async open(): Promise<void> {
    this.#server.listen(this.port, LOCAL);
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const body = await readAll(incoming);
    const isBulk = incoming.url?.startsWith('/_bulk') === true;
    if (this.mode === 'slow') await sleep(SLOW_MS);
    if (isBulk && this.mode === 'items-429') {
      await this.#refuseItems(incoming, body, outgoing);
      return;
    }
    const refusal = isBulk ? this.#refusalOf(body) : null;
    if (refusal === null) await this.#forward(incoming, body, outgoing);
    else answer(outgoing, refusal.status, { error: { type: refusal.type, reason: 'refused on the way' }, status: refusal.status });
  }

  #refusalOf(body: Buffer): { status: number; type: string } | null {
    const { mode } = this;
    if (mode === 'pass' || mode === 'slow' || mode === 'items-429') return null;
    return mode === 'request-413' && (body.length <= SMALL_BODY || operationsOf(body).length === 1) ? null : REFUSALS[mode];
  }

  async #forward(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): Promise<void> {
    const { head, body: answered } = await this.#ask(incoming, body);
    const { 'transfer-encoding': _, ...headers } = head.headers;
    outgoing.writeHead(head.statusCode ?? 502, { ...headers, 'content-length': incoming.method === 'HEAD' ? headers['content-length'] ?? 0 : answered.length });
    outgoing.end(answered);
  }

  async #ask(incoming: IncomingMessage, body: Buffer): Promise<{ head: IncomingMessage; body: Buffer }> {
    const headers = { ...incoming.headers, 'content-length': body.length };
    delete headers['transfer-encoding'];
    const asked = request({ host: LOCAL, port: this.#target(), method: incoming.method, path: incoming.url, headers, agent: this.#agent });
    asked.end(body);
    const [head] = (await once(asked, 'response')) as [IncomingMessage];
    return { head, body: await readAll(head) };
  }

  /** Some items are not applied at all: the server only sees the others, and the answer is put together again. */
  async #refuseItems(incoming: IncomingMessage, body: Buffer, outgoing: ServerResponse): Promise<void> {
    const operations = operationsOf(body);
    const refused = operations.map(() => this.#random() < REFUSED_SHARE);
    const kept = operations.filter((_, at) => refused[at] === false);
    const answered = kept.length === 0 ? null : await this.#ask(incoming, Buffer.concat(kept.map(({ bytes }) => bytes)));
    if (answered !== null && answered.head.statusCode !== 200) {
      outgoing.writeHead(answered.head.statusCode ?? 502, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
      outgoing.end(answered.body);
      return;
    }
    const items = answered === null ? [] : (JSON.parse(answered.body.toString()) as { items: Item[] }).items;
    answer(outgoing, 200, mergedAnswer(operations.map(({ verb }) => verb), refused, items));
  }
}

/** The answer to all operations, made of the server's answer to some and refusals for the others. */
export function mergedAnswer(verbs: readonly string[], refused: readonly boolean[], items: readonly Item[]): Item {
  let next = 0;
  const merged = verbs.map((verb, at) => (refused[at] === true ? { [verb]: REJECTED_ITEM } : items[next++] ?? {}));
  const failed = (item: Item): boolean => Object.values(item).some((inner) => (inner as { error?: unknown }).error !== undefined);
  return { errors: merged.some(failed), took: 1, items: merged };
}

/** Takes a bulk body apart, line by line. */
export function operationsOf(body: Buffer): Operation[] {
  const operations: Operation[] = [];
  for (let at = 0; at < body.length;) {
    const lineEnd = body.indexOf(10, at);
    const [verb = ''] = Object.keys(JSON.parse(body.toString('utf8', at, lineEnd)) as object);
    const end = verb === 'delete' ? lineEnd + 1 : body.indexOf(10, lineEnd + 1) + 1;
    operations.push({ verb, bytes: body.subarray(at, end) });
    at = end;
  }
  return operations;
}

async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function answer(outgoing: ServerResponse, status: number, body: object): void {
  const bytes = Buffer.from(JSON.stringify(body));
  outgoing.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch', 'content-length': bytes.length });
  outgoing.end(bytes);
}
