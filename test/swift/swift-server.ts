import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { pythonParts } from '../../scripts/python-parts.mjs';
import type { S3Settings } from '../../src/adapters/object-store/s3.ts';
import { tellSkipped } from '../support/command.ts';
import { waitFor } from '../support/wait.ts';

const SERVERS = ['account', 'container', 'object'] as const;
const FILTERS = ['catch_errors', 'gatekeeper', 'healthcheck', 'listing_formats', 'bulk', 'tempurl', 'copy', 'slo', 'dlo', 'versioned_writes', 'symlink'];
const RUN = join(import.meta.dirname, 'run-server.py');
const BUCKET = 'sluice';
const KEY = { id: 'etl:loader', secret: 'loader-secret' };

/** OpenStack Swift with one device, reached by S3: installed once into a virtual environment, in a folder that vanishes. */
export interface SwiftServer {
  readonly settings: S3Settings;
  close(): Promise<void>;
}

/** A version of Swift: the folder below stack/ that pins it, and the Python that it is installed with. */
export interface SwiftVersion {
  readonly version: string;
  readonly parts: string;
  readonly python?: string;
}

/** The newest, and 2.30, which many still run, where there is a Python old enough for it. */
export function swiftVersions(): readonly SwiftVersion[] {
  const names = [process.env['SLUICE_PYTHON'] ?? 'python3', 'python3.11', 'python3.10'];
  const python = names.find((name) => spawnSync(name, ['-c', 'import sys; sys.exit(sys.version_info[:2] not in ((3, 10), (3, 11)))'], { stdio: 'ignore' }).status === 0);
  const newest = { version: '2.38', parts: 'swift' };
  if (python !== undefined) return [newest, { version: '2.30', parts: 'swift-2.30', python }];
  tellSkipped('Swift 2.30 runs on Python 3.10 or 3.11, and neither is installed: the tests that need it do not run.');
  return [newest];
}

export async function startSwift({ parts, python }: SwiftVersion): Promise<SwiftServer> {
  const bin = join(await pythonParts(parts, { ...(python === undefined ? {} : { python }), report: (text) => void process.stdout.write(`${text}\n`) }), 'bin');
  const folder = mkdtempSync(join(tmpdir(), 'sluice-swift-'));
  const ports = { account: await freePort(), container: await freePort(), object: await freePort(), proxy: await freePort(), nobody: await freePort() };
  await configure(bin, folder, ports);
  const children = [...SERVERS, 'proxy' as const].map((name) => spawn(join(bin, 'python'), [RUN, folder, join(bin, `swift-${name}-server`), join(folder, `${name}.conf`)], { stdio: 'ignore' }));
  const close = async (): Promise<void> => {
    await Promise.all(children.map(ended));
    rmSync(folder, { recursive: true, force: true });
  };
  const endpoint = `http://127.0.0.1:${ports.proxy}`;
  try {
    await waitFor(async () => makeBucket(endpoint), { timeoutMs: 120_000, what: 'Swift to serve' });
  } catch (error) {
    await close();
    throw error;
  }
  return {
    settings: { endpoint, region: 'us-east-1', bucket: BUCKET, prefix: '', pathStyle: true, accessKeyId: KEY.id, secretAccessKey: KEY.secret, checksums: 'supported', conditionalWrites: 'emulated', requestTimeoutMs: 20_000, connectTimeoutMs: 5_000 },
    close,
  };
}

async function configure(bin: string, folder: string, ports: Readonly<Record<string, number>>): Promise<void> {
  mkdirSync(join(folder, 'devices', 'd1'), { recursive: true });
  writeFileSync(join(folder, 'swift.conf'), '[swift-hash]\nswift_hash_path_suffix = suffix\nswift_hash_path_prefix = prefix\n[storage-policy:0]\nname = default\ndefault = yes\n');
  const common = (port: number | undefined): string => `[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = ${port}\nworkers = 0\nswift_dir = ${folder}\nuser = ${userInfo().username}\n`;
  for (const name of SERVERS) {
    writeFileSync(join(folder, `${name}.conf`), `${common(ports[name])}devices = ${join(folder, 'devices')}\nmount_check = false\ndisable_fallocate = true\nfallocate_reserve = 0\n[pipeline:main]\npipeline = ${name}-server\n[app:${name}-server]\nuse = egg:swift#${name}\n`);
    const builder = join(folder, `${name}.builder`);
    for (const args of [['create', '4', '1', '1'], ['add', `r1z1-127.0.0.1:${ports[name]}/d1`, '1'], ['rebalance']]) await promisify(execFile)(join(bin, 'python'), [join(bin, 'swift-ring-builder'), builder, ...args]);
  }
  writeFileSync(join(folder, 'proxy.conf'), [
    common(ports['proxy']), '[pipeline:main]', 'pipeline = catch_errors gatekeeper healthcheck cache listing_formats bulk tempurl s3api tempauth copy slo dlo versioned_writes symlink proxy-server',
    '[app:proxy-server]', 'use = egg:swift#proxy', 'account_autocreate = true', 'error_suppression_interval = 0', '[filter:tempauth]', 'use = egg:swift#tempauth', `user_etl_loader = ${KEY.secret} .admin`,
    '[filter:s3api]', 'use = egg:swift#s3api', 'location = us-east-1', '[filter:cache]', 'use = egg:swift#memcache', `memcache_servers = 127.0.0.1:${ports['nobody']}`,
    ...FILTERS.flatMap((name) => [`[filter:${name}]`, `use = egg:swift#${name}`]),
  ].join('\n'));
}

/** By the S3 protocol: Swift's own tokens would need a memcached. */
async function makeBucket(endpoint: string): Promise<boolean> {
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: KEY.id, secretAccessKey: KEY.secret }, maxAttempts: 1 });
  try {
    await client.send(new CreateBucketCommand({ Bucket: BUCKET })).catch(() => undefined); // it may be there from the try before
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'probe', Body: 'x' }));
    await client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'probe' }));
    return true;
  } catch {
    return false; // not listening yet
  } finally {
    client.destroy();
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}
