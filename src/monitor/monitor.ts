import type { Clock } from '../ports/clock.ts';
import { isOpen, type Alert } from './alerts/alert.ts';
import type { Dispatcher } from './alerts/dispatch.ts';
import type { AlertLedger } from './alerts/ledger.ts';
import { isRemembered } from './alerts/notify.ts';
import { LINGER_MS } from './alerts/hide.ts';
import { obey } from './alerts/orders.ts';
import { evaluate } from './evaluate.ts';
import type { Lease } from './lease.ts';
import { remember, type History } from './observe/history.ts';
import type { Observer } from './observe/observer.ts';
import type { Rule } from './rules/rule.ts';

/** A channel that was told of an alert and does not take its end for so long is not told any more, ms. */
const GIVE_UP_MS = 3_600_000;
/** Looks without any region that knows the alerts, after which the monitor begins without them. */
const BEGIN_ANEW_AFTER = 3;

export interface MonitorParts {
  readonly observer: Pick<Observer, 'look' | 'close'>;
  readonly lease: Lease;
  readonly ledger: AlertLedger;
  readonly dispatcher: Dispatcher;
  readonly rules: readonly Rule[];
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly report: MonitorReport;
}

/** What a monitor says of itself. */
export interface MonitorReport {
  looked(ms: number): void;
  turned(active: boolean, holder: string | null): void;
  changed(before: readonly Alert[], after: readonly Alert[]): void;
  broke(rule: string, error: unknown): void;
  refused(count: number): void;
}

/** Looks, judges, tells, writes down: again and again. Of several monitors one is active; the others look, and are ready. */
export class Monitor {
  readonly #parts: MonitorParts;
  #history: History = [];
  /** Null while this monitor does not know them: it is not active, or was not told yet. */
  #alerts: readonly Alert[] | null = null;
  #vainLoads = 0;
  #looks = 0;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
  }

  get alerts(): readonly Alert[] { return this.#alerts ?? []; }
  get history(): History { return this.#history; }
  get looks(): number { return this.#looks; }
  get active(): boolean { return this.#alerts !== null; }
  get lastLook(): number | null { return this.#history.at(-1)?.at ?? null; }

  async run(drain: AbortSignal): Promise<void> {
    const { clock, intervalMs, report } = this.#parts;
    while (!drain.aborted) {
      const began = clock.monotonic();
      await this.look();
      const took = clock.monotonic() - began;
      report.looked(took);
      await clock.sleep(Math.max(0, intervalMs - took), drain).catch(() => undefined);
    }
    await this.#end();
  }

  /** One round. */
  async look(): Promise<void> {
    const { observer, lease, ledger, dispatcher, rules, report, clock } = this.#parts;
    const [observation, active] = await Promise.all([observer.look(), this.#renew(lease, report)]);
    this.#history = remember(this.#history, observation);
    this.#looks += 1;
    const before = active ? await this.#known(ledger, clock.now()) : null;
    if (before === null) return void (this.#alerts = null);
    const { silences, orders } = await ledger.standing();
    const { alerts: judged, broken, refused } = evaluate(rules, this.#history, obey(before, orders, observation.at), silences);
    for (const { rule, error } of broken) report.broke(rule, error);
    if (refused > 0) report.refused(refused);
    const told = dispatcher.offer(judged, clock.now());
    report.changed(before, told);
    await ledger.save(told, clock.now());
    this.#alerts = told.filter((alert) => isRemembered(alert, dispatcher.channels, clock.now(), GIVE_UP_MS) || stillExplains(alert, clock.now()));
  }

  async #renew(lease: Lease, report: MonitorReport): Promise<boolean> {
    const before = lease.active;
    const active = await lease.renew();
    if (active !== before) report.turned(active, lease.holder);
    return active;
  }

  /** A monitor that becomes active goes on with what the last one left. */
  async #known(ledger: AlertLedger, now: number): Promise<readonly Alert[] | null> {
    if (this.#alerts !== null) return this.#alerts;
    const loaded = await ledger.load(now);
    this.#vainLoads = loaded === null ? this.#vainLoads + 1 : 0;
    return loaded ?? (this.#vainLoads >= BEGIN_ANEW_AFTER ? [] : null);
  }

  async #end(): Promise<void> {
    const { dispatcher, ledger, lease, observer, clock } = this.#parts;
    const last = await dispatcher.close(this.alerts);
    if (this.#alerts !== null) await ledger.save(last, clock.now());
    await lease.release();
    await observer.close();
  }
}

/** What is over may still explain what figures over minutes show. */
function stillExplains({ firedAt, resolvedAt }: Alert, now: number): boolean {
  return firedAt !== null && resolvedAt !== null && now - resolvedAt < LINGER_MS;
}

/** How many alerts are open, by state and severity. */
export function countOpen(alerts: readonly Alert[]): { state: Alert['state']; severity: Alert['severity']; count: number }[] {
  return (['pending', 'firing'] as const).flatMap((state) => (['critical', 'warning', 'info'] as const).map((severity) => (
    { state, severity, count: alerts.filter((alert) => isOpen(alert) && alert.state === state && alert.severity === severity).length }
  )));
}
