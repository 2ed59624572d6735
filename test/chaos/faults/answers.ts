import type { AnswerMode } from '../../support/bulk-fault-proxy.ts';
import { REGIONS } from '../cluster.ts';
import { holding, type Fault } from './fault.ts';

const MODES: readonly Exclude<AnswerMode, 'pass'>[] = ['items-429', 'request-429', 'request-503', 'request-413', 'slow'];

export const answerFaults: readonly Fault[] = MODES.map((mode): Fault => ({
  kind: `answers-${mode}`, targets: REGIONS, seconds: [6, 12], holds: (region) => [holding.answers(region)],
  inject: async (cluster, region) => { cluster.answersOf(region).mode = mode; },
  heal: async (cluster, region) => { cluster.answersOf(region).mode = 'pass'; },
}));
