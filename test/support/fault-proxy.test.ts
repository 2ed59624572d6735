import { createServer as createHttpServer } from 'node:http';
import { createServer, connect, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { freePorts } from '../../src/stack/ports.ts';
import { BulkFaultProxy, mergedAnswer, operationsOf, type AnswerMode } from './bulk-fault-proxy.ts';
import { FaultProxy } from './fault-proxy.ts';

let echo: Server;
let proxy: FaultProxy;

beforeEach(async () => {
  echo = createServer((socket) => { socket.on('error', () => {}); socket.pipe(socket); }).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const [port = 0] = await freePorts(1);
  proxy = new FaultProxy(port, () => (echo.address() as { port: number }).port);
  await proxy.open();
});
afterEach(async () => {
  await proxy.close();
  echo.close();
});

function client(): Socket {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.on('error', () => {});
  return socket;
}

/** Resolves however it ends: a reset is an error first. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

async function answerTo(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  let answer = '';
  while (answer.length < text.length) answer += String((await once(socket, 'data'))[0]);
  return answer;
}

describe('a line with faults', () => {
  test('lets everything through, there and back', async () => {
    const text = 'x'.repeat(300_000);
    expect(await answerTo(client(), text)).toBe(text);
  });

  test('refuses connections, breaks those that stand, and takes them again when healed', async () => {
    const standing = client();
    await answerTo(standing, 'hello');
    const broken = closed(standing);
    await proxy.set('refuse');
    await broken;
    const refused = connect(proxy.port, '127.0.0.1');
    const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
    expect(error.code).toBe('ECONNREFUSED');
    await proxy.set('pass');
    expect(await answerTo(client(), 'again')).toBe('again');
  });

  test('a black hole keeps what it is given and says nothing, until it is healed', async () => {
    await proxy.set('black-hole');
    const socket = client();
    await once(socket, 'connect');
    let answered = false;
    const answer = answerTo(socket, 'silence').then((text) => { answered = true; return text; });
    expect(await answerTo(await throughAnother(), 'other')).toBe('other');
    expect(answered).toBe(false);
    await proxy.set('pass');
    expect(await answer).toBe('silence');
  });

  test('cuts an answer short', async () => {
    await proxy.set('truncate');
    const socket = client();
    let bytes = 0;
    socket.on('data', (chunk) => { bytes += chunk.length; });
    socket.write('y'.repeat(5_000));
    await once(socket, 'close');
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(5_000);
  });

  test.each(['latency', 'trickle'] as const)('%s delays bytes and loses none', async (mode) => {
    await proxy.set(mode);
    expect(await answerTo(client(), 'z'.repeat(3_000))).toBe('z'.repeat(3_000));
  });

  test('resets connections', async () => {
    await proxy.set('reset');
    const socket = client();
    await closed(socket);
    expect(socket.destroyed).toBe(true);
  });
});

/** A line of its own to the same server. */
async function throughAnother(): Promise<Socket> {
  const socket = connect((echo.address() as { port: number }).port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

describe('refused items', () => {
  test('a body is taken apart into its operations, deletes without a document', () => {
    const body = Buffer.from('{"index":{"_id":"1"}}\n{"a":1}\n{"delete":{"_id":"2"}}\n{"index":{"_id":"3"}}\n{}\n');
    const operations = operationsOf(body);
    expect(operations.map(({ verb }) => verb)).toEqual(['index', 'delete', 'index']);
    expect(Buffer.concat(operations.map(({ bytes }) => bytes))).toEqual(body);
  });

  test('an answer is put together in the order of the operations', () => {
    const merged = mergedAnswer(['index', 'delete', 'index'], [false, true, false], [{ index: { status: 201 } }, { index: { status: 200 } }]);
    expect(merged['errors']).toBe(true);
    expect((merged['items'] as Record<string, { status: number }>[]).map((item) => Object.entries(item).map(([verb, { status }]) => [verb, status]).flat())).toEqual([['index', 201], ['delete', 429], ['index', 200]]);
  });
});

describe('an HTTP proxy in front of a search engine', () => {
  async function through(mode: AnswerMode, body: string): Promise<{ status: number; text: string; reached: string }> {
    let reached = '';
    const engine = createHttpServer((request, response) => {
      request.on('data', (chunk: Buffer) => { reached += chunk.toString(); });
      request.on('end', () => response.writeHead(200, { 'x-elastic-product': 'Elasticsearch' }).end(JSON.stringify({ errors: false, items: reached.split('\n').filter((line) => line.includes('_id')).map(() => ({ index: { status: 201 } })) })));
    }).listen(0, '127.0.0.1');
    await once(engine, 'listening');
    const [port = 0] = await freePorts(1);
    let draws = 0;
    const front = new BulkFaultProxy(port, () => (engine.address() as { port: number }).port, () => (draws++ % 2 === 0 ? 0 : 0.99));
    await front.open();
    front.mode = mode;
    try {
      const response = await fetch(`http://127.0.0.1:${port}/_bulk`, { method: 'POST', body, headers: { 'content-type': 'application/x-ndjson' } });
      return { status: response.status, text: await response.text(), reached };
    } finally {
      await front.close();
      engine.close();
    }
  }
  const body = '{"index":{"_id":"1"}}\n{}\n{"index":{"_id":"2"}}\n{}\n';

  test('lets requests and answers through unchanged', async () => {
    expect(await through('pass', body)).toMatchObject({ status: 200, reached: body, text: expect.stringContaining('"errors":false') });
  });

  test('refused items never reach the engine', async () => {
    const { status, text, reached } = await through('items-429', body);
    expect(status).toBe(200);
    expect(reached).toBe('{"index":{"_id":"2"}}\n{}\n');
    expect((JSON.parse(text) as { items: { index: { status: number } }[] }).items.map((item) => item.index.status)).toEqual([429, 201]);
  });

  test.each([['request-429', 429], ['request-503', 503]] as const)('%s answers in its place', async (mode, expected) => {
    expect(await through(mode, body)).toMatchObject({ status: expected, reached: '' });
  });

  test('413 only for what is large', async () => {
    expect((await through('request-413', body)).status).toBe(200);
    expect((await through('request-413', body.repeat(1_000))).status).toBe(413);
  });
});
