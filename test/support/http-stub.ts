import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string }

/** An HTTP server that keeps what it is sent and answers what the test says. */
export interface HttpStub {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Status of the answers to come; null gives no answer at all. */
  answer(status: number | null): void;
  close(): Promise<void>;
}

export async function startHttpStub(): Promise<HttpStub> {
  const seen: SeenRequest[] = [];
  const waiting = new Set<ServerResponse>();
  let status: number | null = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (status === null) return void waiting.add(response);
      if (status < 400) seen.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks).toString() });
      response.writeHead(status).end(status < 400 ? '{}' : 'no');
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen,
    answer: (next) => { status = next; },
    close: async () => {
      for (const response of waiting) response.destroy();
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => { server.close(resolve); });
    },
  };
}
