import { SluiceError } from '../domain/errors.ts';
import type { Endpoints, Stack } from './stack.ts';

/** A stack of servers that somebody else runs: addresses alone, nothing to start or to stop. */
export function givenStack(folder: string, endpoints: Endpoints): Stack {
  return {
    folder,
    endpoints,
    servers: [],
    onExit: () => undefined,
    kill: refuse,
    stop: refuse,
    start: refuse,
    down: () => Promise.resolve(),
  };
}

function refuse(name: string): Promise<never> {
  return Promise.reject(new SluiceError('USAGE', `"${name}" cannot be started or stopped: the addresses of the servers were given, Sluice does not run them.`));
}
