import { once } from 'node:events';
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where an Elasticsearch is reached that answers `GET /`. */
export interface FrontDoor {
  readonly url: string;
  close(): Promise<void>;
}

interface Nodes { readonly cluster_name: string; readonly nodes: Readonly<Record<string, { readonly name: string; readonly version: string; readonly build_flavor: string }>> }

/** A proxy that answers `GET /`, which the server core lacks and some clients begin with, out of what the node tells of itself; everything else goes through as it is. */
export async function openFrontDoor(node: string): Promise<FrontDoor> {
  const main = await mainOf(node);
  const agent = new Agent({ keepAlive: true });
  const server = createServer((incoming, outgoing) => {
    if (incoming.method === 'GET' && incoming.url === '/') outgoing.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }).end(main);
    else passOn(node, agent, incoming, outgoing);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

async function mainOf(node: string): Promise<string> {
  const { cluster_name, nodes } = (await (await fetch(`${node}/_nodes/_local/http?filter_path=cluster_name,nodes.*.name,nodes.*.version,nodes.*.build_flavor`)).json()) as Nodes;
  const [{ name, version, build_flavor } = { name: '', version: '', build_flavor: '' }] = Object.values(nodes);
  return JSON.stringify({ name, cluster_name, version: { number: version, build_flavor }, tagline: 'You Know, for Search' });
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
