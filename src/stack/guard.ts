import { removeStack } from './remove.ts';

/**
 * The guard of one stack: a detached process that holds the reading end of a pipe from the owner. When the owner ends, in
 * whatever way, the pipe ends; then the guard kills what is left of the stack's servers and removes its folder.
 * Usage: guard.ts FOLDER [COMPOSE_PROJECT].
 */
const [, , folder, composeProject] = process.argv;
if (folder === undefined) throw new TypeError('guard.ts: FOLDER is missing');
for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.stdin.on('error', () => undefined);
process.stdin.on('close', () => void removeStack(folder, composeProject).then(() => process.exit(0)));
process.stdin.resume();
process.stdout.write('ready\n');
