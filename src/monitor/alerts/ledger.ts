import { SluiceError, messageOf } from '../../domain/errors.ts';
import { isOpen, type Alert } from './alert.ts';
import type { AlertStore, Copy, Standing } from './store.ts';

/** A change of figures alone is written down this often at most, ms. */
const FIGURES_EVERY_MS = 60_000;
/** An open alert is written down again well within this time: a pending one that was not is left over from a monitor that died, ms. */
const PENDING_STALE_MS = 3 * FIGURES_EVERY_MS;
/** Resolved alerts of which channels may still have to be told are read again this far back, ms. */
const OWED_FOR_MS = 3_600_000;

interface Saved { readonly essence: string; readonly at: number }

/** The alerts in every region's index: what is written goes to all that answer, what is read is the latest of any. */
export class AlertLedger {
  readonly #stores: readonly AlertStore[];
  readonly #onProblem: (region: string, problem: string) => void;
  readonly #saved = new Map<string, Map<string, Saved>>();

  constructor(stores: readonly AlertStore[], onProblem: (region: string, problem: string) => void) {
    this.#stores = stores;
    this.#onProblem = onProblem;
    for (const store of stores) this.#saved.set(store.region, new Map());
  }

  /** The alerts as the last active monitor left them; null where no region answers. */
  async load(now: number): Promise<Alert[] | null> {
    const answers = await this.#ask((store) => store.standingAlerts(now - OWED_FOR_MS));
    if (answers.length === 0) return null;
    // What stands in one region may have ended long ago by a later copy in another, which took the end alone.
    const ids = [...new Set(answers.flat().map(({ alert }) => alert.id))];
    const copies = ids.length === 0 ? [] : await this.#ask((store) => store.alerts({ states: [], ids }));
    const all = latestCopies([...answers.flat(), ...copies.flat()]).map(({ alert, version }) => (isLeft(alert, version, now) ? { ...alert, state: 'resolved' as const, resolvedAt: now } : alert));
    return all.filter((alert) => isOpen(alert) || alert.muted || now - (alert.resolvedAt ?? 0) < OWED_FOR_MS);
  }

  /** What operators left, of every region that answers, each once. */
  async standing(): Promise<Standing> {
    const answers = await this.#ask((store) => store.standing());
    return { silences: byId(answers.flatMap((answer) => answer.silences)), orders: byId(answers.flatMap((answer) => answer.orders)) };
  }

  /** Writes what changed since it was written last, region by region; what cannot be written is tried at the next time. */
  async save(alerts: readonly Alert[], now: number): Promise<void> {
    await this.#ask(async (store) => {
      const saved = this.#saved.get(store.region) as Map<string, Saved>;
      const changed = alerts.filter((alert) => isChanged(alert, saved.get(alert.id), now));
      const refused = await store.save(changed);
      if (refused > 0) return this.#onProblem(store.region, `${refused} alerts could not be written down`);
      for (const alert of changed) saved.set(alert.id, { essence: essenceOf(alert), at: now });
      const known = new Set(alerts.map((alert) => alert.id));
      for (const id of saved.keys()) if (!known.has(id)) saved.delete(id);
    });
  }

  async #ask<Value>(ask: (store: AlertStore) => Promise<Value>): Promise<Value[]> {
    const answers = await Promise.all(this.#stores.map(async (store) => {
      try {
        return [await ask(store)];
      } catch (error) {
        if (!(error instanceof SluiceError)) throw error;
        this.#onProblem(store.region, messageOf(error));
        return [];
      }
    }));
    return answers.flat(1);
  }
}

/** Of each occurrence the copy with the highest version. */
export function latest(copies: readonly Copy[]): Alert[] {
  return latestCopies(copies).map(({ alert }) => alert);
}

function latestCopies(copies: readonly Copy[]): Copy[] {
  const found = new Map<string, Copy>();
  for (const copy of copies) if ((found.get(copy.alert.id)?.version ?? -1) < copy.version) found.set(copy.alert.id, copy);
  return [...found.values()];
}

/** Pending so long ago that nobody knows whether it has been bad ever since: what is bad now begins anew. */
function isLeft({ state }: Alert, version: number, now: number): boolean {
  return state === 'pending' && now - version > PENDING_STALE_MS;
}

/** Of each the copy that ends first: where copies differ, somebody ended that one. */
export function byId<Kept extends { readonly id: string; readonly until: number }>(all: readonly Kept[]): Kept[] {
  return [...new Map(all.toSorted((a, b) => b.until - a.until).map((one) => [one.id, one])).values()];
}

function isChanged(alert: Alert, saved: Saved | undefined, now: number): boolean {
  return saved === undefined || saved.essence !== essenceOf(alert) || (isOpen(alert) && now - saved.at >= FIGURES_EVERY_MS);
}

function essenceOf({ value: _value, what: _what, evidence: _evidence, ...essence }: Alert): string {
  return JSON.stringify(essence);
}
