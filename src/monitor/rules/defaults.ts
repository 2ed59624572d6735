import { auditRules } from './audits.ts';
import { certificateRules } from './certificates.ts';
import { clusterRules } from './clusters.ts';
import { failureRules } from './failures.ts';
import { heartbeatRules } from './heartbeats.ts';
import { heldRules } from './held.ts';
import { hostRules } from './hosts.ts';
import { ingestRules } from './ingest.ts';
import { lagRules } from './lag.ts';
import { processRules } from './processes.ts';
import { regionRules } from './regions.ts';
import { retentionRules } from './retention.ts';
import type { Rule } from './rule.ts';
import { silenceRules } from './silence.ts';
import type { Thresholds } from './thresholds.ts';

/** The rules that hold for every pipeline. */
export function defaultRules(thresholds: Thresholds): Rule[] {
  return [silenceRules, heldRules, lagRules, ingestRules, retentionRules, failureRules, clusterRules, regionRules, processRules, hostRules, heartbeatRules, certificateRules, auditRules].flatMap((rules) => rules(thresholds));
}
