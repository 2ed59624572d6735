import { once } from 'node:events';
import { createServer, request, Agent, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const LOCAL = '127.0.0.1';

/** Stands before an Elasticsearch and counts what passes: an account that is not the lane's own. */
export class CountingProxy {
  /** Bytes of the bodies of bulk requests, counted when a request begins. */
  bulkBytes = 0;
  readonly #target: URL;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server: Server;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((from, to) => this.#pass(from, to));
  }

  /** Resolves with its address. */
  async open(): Promise<string> {
    this.#server.listen(0, LOCAL);
    await once(this.#server, 'listening');
    return `http://${LOCAL}:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
    this.#agent.destroy();
  }

  #pass(from: IncomingMessage, to: ServerResponse): void {
    if (from.url?.includes('_bulk') === true) this.bulkBytes += Number(from.headers['content-length'] ?? 0);
    const onward = request({ agent: this.#agent, host: this.#target.hostname, port: this.#target.port, method: from.method, path: from.url, headers: from.headers }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    onward.on('error', () => to.destroy());
    from.pipe(onward);
  }
}
