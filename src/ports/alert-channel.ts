/** Where alerts are told (Alertmanager, a chat, a pager, mail, a topic in production). */

/** An alert as people and programs are told of it. Times are epoch ms. */
export interface ToldAlert {
  readonly id: string;
  /** The same for every occurrence of one condition of one subject: what receivers deduplicate by. */
  readonly key: string;
  readonly rule: string;
  readonly severity: 'critical' | 'warning' | 'info';
  readonly state: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly since: number;
  readonly resolvedAt: number | null;
  readonly value: number | null;
  readonly what: string;
  readonly meaning: string;
  readonly evidence: readonly string[];
  /** Address of the page that says what to do; null where none is configured. */
  readonly runbook: string | null;
}

export interface AlertMessage {
  /** The rule that its alerts have in common. */
  readonly group: string;
  readonly alerts: readonly ToldAlert[];
  readonly installation: string;
  readonly at: number;
}

export interface AlertChannel {
  /** Resolves when the receiver took it; rejects with SluiceError `CHANNEL_UNAVAILABLE` (try later) or `CHANNEL_REFUSED`. */
  send(message: AlertMessage, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}
