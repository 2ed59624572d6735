import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { connectObjectStore } from '../../../src/adapters/object-store/s3.ts';
import type { ObjectStore } from '../../../src/ports/object-store.ts';

const KEY = 'plan.json';
const stores: { server: Server; store: ObjectStore }[] = [];
afterEach(async () => {
  for (const { server, store } of stores.splice(0)) {
    await store.close();
    server.closeAllConnections();
    server.close();
  }
});

/** A store of one object that takes the first write and does not answer it; before the second one, `meanwhile` happens. */
async function forgetful(meanwhile: (objects: Map<string, Buffer>) => void): Promise<ObjectStore> {
  const objects = new Map<string, Buffer>();
  let writes = 0;
  const server = createServer((request, response) => void (async () => {
    const key = (request.url ?? '').split(/[/?]/)[2] ?? '';
    if (request.method === 'GET') return response.writeHead(200, { etag: '"there"' }).end(objects.get(key));
    const body = await bodyOf(request);
    writes += 1;
    if (writes === 1) {
      objects.set(key, body);
      meanwhile(objects);
      return request.socket.destroy();
    }
    return response.writeHead(412).end('<Error><Code>PreconditionFailed</Code></Error>');
  })());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const store = connectObjectStore({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, region: 'us-east-1', bucket: 'b', prefix: '', pathStyle: true,
    accessKeyId: 'me', secretAccessKey: 'secret', checksums: 'required', requestTimeoutMs: 60_000, connectTimeoutMs: 60_000,
  });
  stores.push({ server, store });
  return store;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

it('a conditional write whose answer was lost is known for one\'s own when it is sent again', async () => {
  const store = await forgetful(() => undefined);
  expect(await store.put(KEY, Buffer.from('mine'), { kind: 'absent' })).toEqual({ kind: 'written', etag: '"there"' });
});

it('… and is a conflict where somebody else has written since', async () => {
  const store = await forgetful((objects) => objects.set(KEY, Buffer.from('other')));
  expect(await store.put(KEY, Buffer.from('mine'), { kind: 'absent' })).toEqual({ kind: 'conflict' });
});
