/** Every figure that the default rules compare with; times in ms. Set under `monitor.thresholds`. */
export interface Thresholds {
  readonly silentMs: number;
  readonly stalledMs: number;
  readonly partitionStalledMs: number;
  readonly backingOffMs: number;
  readonly lagRecords: number;
  readonly lagMs: number;
  readonly lagGrowingMs: number;
  readonly ingestLagMs: number;
  readonly retentionMs: number;
  readonly failureShare: number;
  readonly failureCount: number;
  readonly newKindMs: number;
  readonly differenceShare: number;
  readonly differenceDocuments: number;
  readonly diskShare: number;
  readonly trafficShare: number;
  readonly trafficOperations: number;
  readonly heartbeatMs: number;
  readonly availability: number;
  readonly freshnessMs: number;
  readonly freshnessTarget: number;
  readonly certificateMs: number;
  readonly memoryShare: number;
  readonly loopDelayMs: number;
  readonly hostDiskShare: number;
  readonly restarts: number;
  readonly clockSkewMs: number;
  readonly mixedCodeMs: number;
  readonly auditMs: number;
}
