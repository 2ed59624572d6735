import { openPassThrough, type PassThrough } from './pass-through.ts';

interface Nodes { readonly cluster_name: string; readonly nodes: Readonly<Record<string, { readonly name: string; readonly version: string; readonly build_flavor: string }>> }

/** A proxy that answers `GET /`, which the server core lacks and some clients begin with, out of what the node tells of itself; everything else goes through as it is. */
export async function openFrontDoor(node: string): Promise<PassThrough> {
  const main = await mainOf(node);
  return await openPassThrough(node, ({ method, url }, outgoing) => {
    if (method !== 'GET' || url !== '/') return false;
    outgoing.writeHead(200, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' }).end(main);
    return true;
  });
}

async function mainOf(node: string): Promise<string> {
  const { cluster_name, nodes } = (await (await fetch(`${node}/_nodes/_local/http?filter_path=cluster_name,nodes.*.name,nodes.*.version,nodes.*.build_flavor`)).json()) as Nodes;
  const [{ name, version, build_flavor } = { name: '', version: '', build_flavor: '' }] = Object.values(nodes);
  return JSON.stringify({ name, cluster_name, version: { number: version, build_flavor }, tagline: 'You Know, for Search' });
}
