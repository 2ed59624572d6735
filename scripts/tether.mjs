// Loaded before a program by run.mjs: ends the program when run.mjs is killed, so that nothing runs on unseen.
import { Socket } from 'node:net';
import { isMainThread } from 'node:worker_threads';

const GRACE_MS = 30_000;
const descriptor = process.env.SLUICE_TETHER;
// Programs that this one starts have no such descriptor.
delete process.env.SLUICE_TETHER;

if (descriptor !== undefined && isMainThread) {
  const tether = new Socket({ fd: Number(descriptor), readable: true, writable: false });
  tether.on('error', () => undefined);
  tether.on('close', () => {
    process.kill(process.pid, 'SIGTERM');
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), GRACE_MS).unref();
  });
  tether.resume();
  tether.unref();
}
