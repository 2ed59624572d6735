import type { SearchCluster, Json } from '../ports/search-index.ts';
import type { Clock } from '../ports/clock.ts';

const NOT_FOUND = 404;
/** A scratch index this old was left behind by a dry run that died, ms. */
const LEFT_BEHIND_MS = 3_600_000;

/** Copies of real indices, empty and without aliases, to try documents on; gone when closed. */
export class Scratch {
  readonly #search: SearchCluster;
  readonly #base: string;
  readonly #clock: Clock;
  readonly #newId: () => string;
  readonly #names = new Map<string, string | null>();

  constructor(search: SearchCluster, prefix: string, clock: Clock, newId: () => string) {
    this.#search = search;
    this.#base = `${prefix}sluice-scratch`;
    this.#clock = clock;
    this.#newId = newId;
  }

  /** Name of the scratch copy of an index, made at first use from the index or else its template; null where there is neither. */
  async of(index: string): Promise<string | null> {
    const known = this.#names.get(index);
    if (known !== undefined) return known;
    const like = (await this.#likeIndex(index)) ?? (await this.#likeTemplate(index));
    const name = like === null ? null : `${this.#base}-${this.#clock.now()}-${this.#newId().slice(0, 8)}`;
    if (like !== null && name !== null) await this.#search.call('PUT', `/${name}`, like);
    this.#names.set(index, name);
    return name;
  }

  /** Removes every scratch index made here, and those that earlier runs left behind. */
  async close(): Promise<void> {
    const own = [...this.#names.values()].filter((name) => name !== null);
    const { body } = await this.#search.call('GET', `/${this.#base}-*/_alias`, undefined, { okStatuses: [NOT_FOUND] });
    const old = Object.keys(body).filter((name) => this.#isLeftBehind(name));
    for (const name of new Set([...own, ...old])) await this.#search.call('DELETE', `/${name}`, undefined, { okStatuses: [NOT_FOUND] });
  }

  async #likeIndex(index: string): Promise<Json | null> {
    const { status, body } = await this.#search.call('GET', `/${encodeURIComponent(index)}/_mapping`, undefined, { okStatuses: [NOT_FOUND] });
    if (status === NOT_FOUND) return null;
    const { body: settings } = await this.#search.call('GET', `/${encodeURIComponent(index)}/_settings`);
    return likeness((body[index] as { mappings: Json }).mappings, (settings[index] as { settings?: { index?: Json } }).settings?.index ?? {});
  }

  async #likeTemplate(index: string): Promise<Json | null> {
    const { body } = await this.#search.call('POST', `/_index_template/_simulate_index/${encodeURIComponent(index)}`);
    const template = body['template'] as { mappings?: Json; settings?: { index?: Json } } | undefined;
    return template === undefined ? null : likeness(template.mappings ?? {}, template.settings?.index ?? {});
  }

  #isLeftBehind(name: string): boolean {
    const [made] = name.slice(this.#base.length + 1).split('-');
    return name.startsWith(`${this.#base}-`) && /^\d+$/.test(made ?? '') && this.#clock.now() - Number(made) > LEFT_BEHIND_MS;
  }
}

/** What decides whether a document is taken: its mapping, analysis and limits. Not where and how often it is kept. */
function likeness(mappings: Json, { mapping, analysis }: Json): Json {
  const index = { number_of_shards: 1, number_of_replicas: 0, ...(mapping === undefined ? {} : { mapping }), ...(analysis === undefined ? {} : { analysis }) };
  return { mappings, settings: { index } };
}
