import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { alterUserScramCredentialsV0, Connection } from '@platformatic/kafka';
import { freePorts } from '../../src/stack/ports.ts';
import { startStack, type Stack } from '../../src/stack/stack.ts';
import { type Certificate, makeCertificate } from './certificate.ts';

const BROKER = 'kafka-west';
const SCRAM = { 'SCRAM-SHA-256': { number: 1, digest: 'sha256', bytes: 32 }, 'SCRAM-SHA-512': { number: 2, digest: 'sha512', bytes: 64 } } as const;
const ITERATIONS = 4_096;

/** A broker whose door asks for a certificate of the client and for a user with a password. */
export interface SecureBroker {
  /** `host:port` of the door. */
  readonly address: string;
  readonly user: { readonly username: string; readonly password: string };
  /** Of the server, signed by itself: what a client must trust. */
  readonly server: Certificate;
  /** The only one of a client that is let in. */
  readonly client: Certificate;
  down(): Promise<void>;
}

/** Starts a Kafka of its own, with that door beside its plain one, and its user. */
export async function startSecureBroker(): Promise<SecureBroker> {
  const [stack, ports] = await Promise.all([startStack({ only: [BROKER] }), freePorts(1)]);
  const door = ports[0] as number;
  const user = { username: 'olga', password: randomBytes(9).toString('hex') };
  const server = makeCertificate('broker', ['127.0.0.1']);
  const client = makeCertificate('sluice', ['127.0.0.1']);
  try {
    await addUser(addressOf(stack), user);
    await stack.stop(BROKER);
    await appendFile(join(stack.folder, BROKER, 'server.properties'), await doorProperties(stack, door, { user, server, client }));
    await stack.start(BROKER);
  } catch (error) {
    await stack.down();
    throw error;
  }
  return { address: `127.0.0.1:${door}`, user, server, client, down: () => stack.down() };
}

function addressOf(stack: Stack): string {
  return stack.servers.find(({ name }) => name === BROKER)?.url ?? '';
}

async function addUser(address: string, { username, password }: SecureBroker['user']): Promise<void> {
  const connection = new Connection('add-user');
  const [host, port] = address.split(':');
  await connection.connect(host as string, Number(port));
  const salt = randomBytes(16);
  // One request each: a user may stand only once in one.
  for (const { number, digest, bytes } of Object.values(SCRAM)) {
    await alterUserScramCredentialsV0.api.async(connection, [], [{ name: username, mechanism: number, iterations: ITERATIONS, salt, saltedPassword: pbkdf2Sync(password, salt, ITERATIONS, bytes, digest) }]);
  }
  await connection.close();
}

/** A later line of a Java properties file wins over an earlier one of the same name. */
async function doorProperties(stack: Stack, door: number, { user, server, client }: Pick<SecureBroker, 'user' | 'server' | 'client'>): Promise<string> {
  const known = await listenersOf(join(stack.folder, BROKER, 'server.properties'));
  const login = 'org.apache.kafka.common.security';
  const settings = {
    listeners: `${known.listeners},SECURE://127.0.0.1:${door}`,
    'advertised.listeners': `${known.advertised},SECURE://127.0.0.1:${door}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURE:SASL_SSL',
    'sasl.enabled.mechanisms': ['PLAIN', ...Object.keys(SCRAM)].join(','),
    'listener.name.secure.plain.sasl.jaas.config': `${login}.plain.PlainLoginModule required user_${user.username}="${user.password}";`,
    ...Object.fromEntries(Object.keys(SCRAM).map((mechanism) => [`listener.name.secure.${mechanism.toLowerCase()}.sasl.jaas.config`, `${login}.scram.ScramLoginModule required;`])),
    'listener.name.secure.ssl.client.auth': 'required',
    'listener.name.secure.ssl.keystore.type': 'PEM',
    'listener.name.secure.ssl.keystore.certificate.chain': onOneLine(server.cert),
    'listener.name.secure.ssl.keystore.key': onOneLine(server.key),
    'listener.name.secure.ssl.truststore.type': 'PEM',
    'listener.name.secure.ssl.truststore.certificates': onOneLine(client.cert),
  };
  return Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join('');
}

async function listenersOf(file: string): Promise<{ listeners: string; advertised: string }> {
  const text = await readFile(file, 'utf8');
  const of = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  return { listeners: of('listeners'), advertised: of(String.raw`advertised\.listeners`) };
}

function onOneLine(pem: string): string {
  return pem.trim().replaceAll('\n', String.raw`\n`);
}
