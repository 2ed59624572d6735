import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const LOCAL = '127.0.0.1';

/** A proxy before an Elasticsearch. */
export interface PassThrough {
  readonly url: string;
  close(): Promise<void>;
}

/** Lets everything through as it is, but for requests that `look` answers by itself: it returns true for them. */
export async function openPassThrough(node: string, look: (incoming: IncomingMessage, outgoing: ServerResponse) => boolean): Promise<PassThrough> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    if (!look(incoming, outgoing)) passOn(node, agent, incoming, outgoing);
  });
  await once(server.listen(0, LOCAL), 'listening');
  return {
    url: `http://${LOCAL}:${(server.address() as AddressInfo).port}`,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

function passOn(node: string, agent: Agent, incoming: IncomingMessage, outgoing: ServerResponse): void {
  const passed = request(`${node}${incoming.url}`, { method: incoming.method, headers: incoming.headers, agent }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  // A broken line is what the client is meant to see then.
  passed.on('error', () => outgoing.destroy());
  incoming.pipe(passed);
}
