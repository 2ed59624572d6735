import type { ServerKind } from '../server-kind.ts';
import { elasticsearch } from './elasticsearch.ts';
import { kafka } from './kafka.ts';
import { objectStore } from './object-store.ts';

/** Every kind of server that a stack can run. */
export const SERVER_KINDS: readonly ServerKind[] = [kafka, elasticsearch, objectStore];
