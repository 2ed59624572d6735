import { createRequire } from 'node:module';
import type * as Kafkajs from 'kafkajs';

const require = createRequire(import.meta.url);

/** kafkajs itself, read when it is first used: most installations keep to the other client. */
export function library(): typeof Kafkajs {
  return require('kafkajs') as typeof Kafkajs;
}
