import dns from 'node:dns';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { GOOD, isServerName, LOOK_MS, SURROUNDINGS_ENV, type Surroundings } from './surroundings.ts';

// Loaded before a Sluice process by `--import`: its wall clock and its name service are what a file says.
const file = process.env[SURROUNDINGS_ENV] ?? '';
let surroundings = read();

function read(): Surroundings {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Surroundings) : GOOD;
}

/** Connections by name that stand: with the name service such a network is often gone as a whole. */
const named = new Set<net.Socket>();

setInterval(() => {
  const before = surroundings;
  surroundings = read();
  if (before.names && !surroundings.names) for (const socket of named) socket.destroy();
}, LOOK_MS).unref();

const systemNow = Date.now.bind(Date);
Date.now = () => systemNow() + surroundings.clockMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, args: unknown[], newTarget) => Reflect.construct(target, args.length === 0 ? [Date.now()] : args, newTarget) as object,
});

type Lookup = (host: string, options: dns.LookupOptions, done: (error: Error | null, address?: string | dns.LookupAddress[], family?: number) => void) => void;
const systemLookup = dns.lookup as Lookup;
const lookup: Lookup = (host, options, done) => {
  if (!isServerName(host)) systemLookup(host, options, done);
  else if (surroundings.names) systemLookup('127.0.0.1', options, done);
  else setTimeout(done, LOOK_MS, Object.assign(new Error(`getaddrinfo EAI_AGAIN ${host}`), { code: 'EAI_AGAIN', syscall: 'getaddrinfo', hostname: host }));
};
Object.assign(dns, { lookup });

const connect = net.Socket.prototype.connect as (...args: unknown[]) => net.Socket;
net.Socket.prototype.connect = function remembered(this: net.Socket, ...args: unknown[]): net.Socket {
  const [first] = args.flat() as [unknown];
  if (isServerName((first as { host?: string } | null)?.host ?? '')) {
    named.add(this);
    this.once('close', () => named.delete(this));
  }
  return connect.apply(this, args);
};
