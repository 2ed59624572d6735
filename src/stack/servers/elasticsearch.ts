import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { SluiceError } from '../../domain/errors.ts';
import type { Installation, JavaCall, Place, ServerKind } from '../server-kind.ts';

const run = promisify(execFile);
/** What is enough for tests and trials; many indices that are written to at once need more. */
const DEFAULT_HEAP = '512m';
const HEAP_VARIABLE = 'SLUICE_ELASTICSEARCH_HEAP';
const JAVA_RELEASE = '21';
const PLUGIN = 'transport-netty4';
const MAIN = 'ElasticsearchServer';
const READY_TIMEOUT_MS = 2_000;

/** Elasticsearch: one node, from the published server core with its real HTTP layer. */
export const elasticsearch: ServerKind = {
  kind: 'elasticsearch',
  sources: 'stack/elasticsearch',
  ports: ['http', 'transport'],
  containerPort: 9200,
  complete: async (installation, sources) => {
    await compileMain(installation, sources);
    await makeModule(installation);
  },
  prepare: async (place, installation) => {
    const config = join(place.folder, 'config');
    await mkdir(config, { recursive: true });
    await copyFile(join(installation.folder, 'sources', 'log4j2.properties'), join(config, 'log4j2.properties'));
    await symlink(join(installation.folder, 'modules'), join(place.folder, 'modules'));
    await writeFile(join(config, 'node.properties'), nodeProperties(place));
  },
  launch,
  isReady: (place) => answersHealth(place.ports[0] ?? 0),
  address: (port) => `http://127.0.0.1:${port}`,
};

/** Throws USAGE where the environment says what is no size. */
export function heapOf(env: NodeJS.ProcessEnv): string {
  const heap = env[HEAP_VARIABLE] ?? DEFAULT_HEAP;
  if (!/^[1-9]\d*[mg]$/i.test(heap)) throw new SluiceError('USAGE', `${HEAP_VARIABLE} is "${heap}": it must be a size such as 512m or 2g.`);
  return heap;
}

function launch(place: Place, installation: Installation): JavaCall {
  const heap = heapOf(process.env);
  return {
    jvm: [`-Xms${heap}`, `-Xmx${heap}`, '-XX:+UseSerialGC', '--add-modules=jdk.incubator.vector', '--enable-native-access=ALL-UNNAMED'],
    classPath: [join(installation.folder, 'main.jar'), ...installation.jars],
    main: MAIN,
    arguments: [place.folder],
  };
}

/** The settings of a node that other programs test against: alone, and not minding a full disk. */
export function nodeProperties({ name, region, folder, ports }: Place): string {
  const settings = {
    'cluster.name': region,
    'node.name': name,
    'path.data': join(folder, 'data'),
    'path.logs': join(folder, 'logs'),
    'http.port': ports[0],
    'transport.port': ports[1],
    'network.host': '127.0.0.1',
    'discovery.type': 'single-node',
    'http.type': 'netty4',
    'transport.type': 'netty4',
    'cluster.routing.allocation.disk.threshold_enabled': false,
    // The serial collector lets garbage stand until it needs the room: what is really in use says little.
    'indices.breaker.total.use_real_memory': false,
    'cluster.max_shards_per_node': 4_000,
  };
  return Object.entries(settings).map(([key, value]) => `${key}=${escapeValue(String(value))}\n`).join('');
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\');
}

async function compileMain({ folder, jars, jdk }: Installation, sources: string): Promise<void> {
  const classes = join(folder, 'classes');
  await run(join(jdk.home, 'bin/javac'), ['--release', JAVA_RELEASE, '-cp', jars.join(':'), '-d', classes, join(sources, `${MAIN}.java`)]);
  await run(join(jdk.home, 'bin/jar'), ['--create', '--file', join(folder, 'main.jar'), '-C', classes, '.']);
  await rm(classes, { recursive: true });
}

// A module is loaded from its folder by a class loader of its own; with a module name it would have to come from a
// named module of the server, which is on the class path here.
async function makeModule({ folder, jars, jdk }: Installation): Promise<void> {
  const module = join(folder, 'modules', PLUGIN);
  await mkdir(module, { recursive: true });
  const own = jars.filter((jar) => /^(transport-netty4|netty-)/.test(basename(jar)));
  const pluginJar = own.find((jar) => basename(jar).startsWith(PLUGIN)) ?? '';
  const descriptor = `META-INF/es-plugins/${PLUGIN}/plugin-descriptor.properties`;
  await run(join(jdk.home, 'bin/jar'), ['--extract', '--file', pluginJar, descriptor], { cwd: module });
  const text = await readFile(join(module, descriptor), 'utf8');
  await writeFile(join(module, 'plugin-descriptor.properties'), text.replaceAll(/^modulename=.*$/gm, ''));
  await rm(join(module, 'META-INF'), { recursive: true });
  for (const jar of own) await rename(jar, join(module, basename(jar)));
}

async function answersHealth(port: number): Promise<boolean> {
  try {
    const url = `http://127.0.0.1:${port}/_cluster/health?wait_for_status=yellow&timeout=1s`;
    const response = await fetch(url, { signal: AbortSignal.timeout(READY_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    // Not listening yet, or too busy to answer.
    return false;
  }
}
