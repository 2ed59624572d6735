import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';
import { SluiceError } from '../domain/errors.ts';

/**
 * Below the ranges that systems hand out for outgoing connections: a client that keeps dialling a server that is down
 * could otherwise be given that very port, and the server could not come back on it.
 */
const LOWEST = 20_000;
const HIGHEST = 32_000;
const ATTEMPTS = 200;

/** Ports of 127.0.0.1 on which nobody listens now. */
export async function freePorts(count: number): Promise<number[]> {
  const found = new Set<number>();
  for (let attempt = 0; found.size < count; attempt++) {
    if (attempt > ATTEMPTS + count) throw new SluiceError('STACK_FAILED', `No free port was found between ${LOWEST} and ${HIGHEST} on 127.0.0.1.`);
    const port = randomInt(LOWEST, HIGHEST);
    if (!found.has(port) && (await isFree(port))) found.add(port);
  }
  return [...found];
}

/** Whether a server could listen on this port of 127.0.0.1 now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
