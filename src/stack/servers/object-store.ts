import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Place, ServerKind } from '../server-kind.ts';

const HEAP = '256m';
const READY_TIMEOUT_MS = 2_000;

/** The one bucket and the one key of a stack's object store: it listens on 127.0.0.1 alone. */
export const STACK_BUCKET = { bucket: 'sluice', accessKeyId: 'sluice', secretAccessKey: 'sluice-secret' } as const;

/** S3Proxy: the S3 protocol over a folder. A stack has one, for both regions, when it is asked for. */
export const objectStore: ServerKind = {
  kind: 'object-store',
  sources: 'stack/object-store',
  ports: ['http'],
  containerPort: 8080,
  prepare: async (place) => {
    await mkdir(join(place.folder, 'data', STACK_BUCKET.bucket), { recursive: true });
    await writeFile(join(place.folder, 's3proxy.properties'), storeProperties(place));
  },
  launch: (place, installation) => ({
    jvm: [`-Xmx${HEAP}`, '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    classPath: installation.jars,
    main: 'org.gaul.s3proxy.Main',
    arguments: ['--properties', join(place.folder, 's3proxy.properties')],
  }),
  isReady: (place) => answers(place.ports[0] ?? 0),
  address: (port) => `http://127.0.0.1:${port}`,
};

/** The settings of a store that asks for its key, as a real one does. */
export function storeProperties({ folder, ports }: Pick<Place, 'folder' | 'ports'>): string {
  const settings = {
    's3proxy.endpoint': `http://127.0.0.1:${ports[0]}`,
    's3proxy.authorization': 'aws-v2-or-v4',
    's3proxy.identity': STACK_BUCKET.accessKeyId,
    's3proxy.credential': STACK_BUCKET.secretAccessKey,
    'jclouds.provider': 'filesystem-nio2',
    'jclouds.filesystem.basedir': join(folder, 'data'),
  };
  return Object.entries(settings).map(([key, value]) => `${key}=${value.replaceAll('\\', '\\\\')}\n`).join('');
}

/** Without a key it refuses, which is an answer. */
async function answers(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(READY_TIMEOUT_MS) });
    await response.body?.cancel();
    return true;
  } catch {
    // Not listening yet.
    return false;
  }
}
