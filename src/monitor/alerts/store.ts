import { ALERTS_INDEX } from '../../domain/system-names.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Json, SearchCluster } from '../../ports/search-index.ts';
import type { Alert } from './alert.ts';
import { alertDocument, alertIndexOf, alertOf, orderDocument, orderOf, silenceDocument, silenceOf, standingIndexOf, type Order } from './document.ts';
import type { Silence } from './silence.ts';

const NOT_FOUND = 404;
const MAX_HITS = 2_000;

export interface AlertFilter {
  readonly states: readonly Alert['state'][];
  readonly rule?: string | undefined;
  readonly ids?: readonly string[] | undefined;
}

export interface Standing {
  readonly silences: readonly Silence[];
  readonly orders: readonly Order[];
}

export interface AlertStoreOptions {
  readonly region: string;
  readonly search: SearchCluster;
  readonly prefix: string;
  /** Makes indices exist. */
  readonly ensure: (names: readonly string[]) => Promise<unknown>;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** One region's copy of an alert; the version is when it was written, epoch ms. */
export interface Copy { readonly alert: Alert; readonly version: number }
interface Hit { readonly _source: Json; readonly _version?: number }

/** The alerts, silences and orders in one region's index. Rejects with SluiceError `ELASTICSEARCH_*`. */
export class AlertStore {
  readonly region: string;
  readonly #options: AlertStoreOptions;

  constructor(options: AlertStoreOptions) {
    this.region = options.region;
    this.#options = options;
  }

  /** Newest first, each with its version: of copies in several regions the highest is the latest. */
  async alerts({ states, rule, ids }: AlertFilter): Promise<Copy[]> {
    const filter: Json[] = [...(states.length === 0 ? [] : [{ terms: { state: states } }]), ...(rule === undefined ? [] : [{ term: { rule } }]), ...(ids === undefined ? [] : [{ terms: { id: ids } }])];
    return this.#copies(filter, [{ since: 'desc' }], ids?.length);
  }

  /** Alerts that are open, were closed by hand while their condition stood, or ended since then (epoch ms); open ones first. */
  async standingAlerts(endedSince: number): Promise<Copy[]> {
    const should: Json[] = [{ terms: { state: ['pending', 'firing'] } }, { term: { muted: true } }, { range: { resolved_at: { gte: new Date(endedSince).toISOString() } } }];
    // By name: firing, pending, resolved.
    return this.#copies([{ bool: { should } }], [{ state: 'asc' }, { since: 'desc' }]);
  }

  async #copies(filter: readonly Json[], sort: readonly Json[], size = MAX_HITS): Promise<Copy[]> {
    const hits = await this.#search({ size, version: true, query: { bool: { filter: [{ term: { kind: 'alert' } }, ...filter] } }, sort });
    return hits.map(({ _source, _version }) => ({ alert: alertOf(_source), version: _version ?? 0 }));
  }

  /** Silences and orders that are not over. */
  async standing(): Promise<Standing> {
    const now = new Date(this.#options.clock.now()).toISOString();
    const hits = await this.#search({ size: MAX_HITS, query: { bool: { filter: [{ terms: { kind: ['silence', 'order'] } }, { range: { until: { gt: now } } }] } } });
    const of = (kind: string) => hits.filter(({ _source }) => _source['kind'] === kind).map(({ _source }) => _source);
    return { silences: of('silence').map(silenceOf), orders: of('order').map(orderOf) };
  }

  /** Writes alerts as they are now; an older writer loses. Returns how many were not taken. */
  async save(alerts: readonly Alert[]): Promise<number> {
    if (alerts.length === 0) return 0;
    const { prefix, search, ensure, timeoutMs, clock } = this.#options;
    const at = clock.now();
    await ensure([...new Set(alerts.map((alert) => alertIndexOf(prefix, alert)))]);
    const lines = alerts.map((alert) => `${JSON.stringify({ index: { _index: alertIndexOf(prefix, alert), _id: alert.id, version: at, version_type: 'external_gte' } })}\n${JSON.stringify(alertDocument(alert, at))}\n`);
    const answer = await search.bulk({ body: Buffer.from(lines.join('')), detail: 'terse', timeoutMs });
    if (answer.kind === 'silent' || answer.status !== 200) return alerts.length;
    const { items = [] } = JSON.parse(answer.body.toString()) as { items?: { index: { status: number } }[] };
    return items.filter(({ index }) => index.status >= 300 && index.status !== 409).length;
  }

  async addSilence(silence: Silence): Promise<void> {
    await this.#put(silence.id, silenceDocument(silence, this.#options.clock.now()));
  }

  async addOrder(order: Order): Promise<void> {
    await this.#put(order.id, orderDocument(order, this.#options.clock.now()));
  }

  async #put(id: string, document: Json): Promise<void> {
    const { prefix, search, ensure, timeoutMs } = this.#options;
    await ensure([standingIndexOf(prefix)]);
    await search.call('PUT', `/${standingIndexOf(prefix)}/_doc/${id}?refresh=true`, document, { timeoutMs });
  }

  async #search(body: Json): Promise<Hit[]> {
    const { prefix, search, timeoutMs } = this.#options;
    const answer = await search.call('POST', `/${prefix}${ALERTS_INDEX}/_search`, body, { okStatuses: [NOT_FOUND], timeoutMs });
    return answer.status === NOT_FOUND ? [] : (answer.body['hits'] as { hits: Hit[] }).hits;
  }
}
