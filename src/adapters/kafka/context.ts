import type { Clock } from '../../ports/clock.ts';
import type { KafkaHooks, KafkaSettings } from './settings.ts';

/** What every client of one cluster is made from. */
export interface LogContext {
  readonly settings: KafkaSettings;
  readonly hooks: KafkaHooks;
  readonly clock: Clock;
}
