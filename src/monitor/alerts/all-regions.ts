import { messageOf, SluiceError } from '../../domain/errors.ts';
import { isOpen, type Alert } from './alert.ts';
import { byId, latest } from './ledger.ts';
import type { Silence } from './silence.ts';
import type { AlertStore, Copy } from './store.ts';

/** What the regions answered together; `problems` of those that did not answer, in words. */
export interface Answers<Value> {
  readonly values: readonly Value[];
  readonly problems: readonly string[];
}

export interface AlertList {
  /** Newest first. */
  readonly alerts: readonly Alert[];
  /** In force now. */
  readonly silences: readonly Silence[];
  readonly problems: readonly string[];
}

/** Asks every region. Rejects with the first region's error where none answers. */
export async function askRegions<Value>(stores: readonly AlertStore[], ask: (store: AlertStore) => Promise<Value>): Promise<Answers<Value>> {
  const answers = await Promise.allSettled(stores.map(ask));
  const failed = answers.flatMap((answer, at) => (answer.status === 'rejected' ? [{ region: stores[at]?.region ?? '', reason: answer.reason as unknown }] : []));
  if (failed[0] !== undefined && failed.length === answers.length) throw failed[0].reason;
  return {
    values: answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])),
    problems: failed.map(({ region, reason }) => `${region}: ${messageOf(reason)}`),
  };
}

/** What is wrong and what is silenced, of the copies of all regions the latest; with `all` also what is over. Rejects with SluiceError `ELASTICSEARCH_*` where no region answers. */
export async function listAlerts(stores: readonly AlertStore[], { all, rule }: { readonly all: boolean; readonly rule?: string | undefined }): Promise<AlertList> {
  const states: Alert['state'][] = all ? [] : ['pending', 'firing'];
  const answers = await askRegions(stores, async (store) => ({ alerts: await store.alerts({ states, rule }), standing: await store.standing() }));
  const copies = answers.values.flatMap(({ alerts }) => alerts);
  return {
    alerts: latest(all ? copies : await allCopies(stores, copies)).filter((alert) => all || isOpen(alert)).sort((a, b) => b.since - a.since),
    silences: byId(answers.values.flatMap(({ standing }) => standing.silences)),
    problems: answers.problems,
  };
}

/** What is open in one region may be over by a later copy in another, which did not take the last change. */
async function allCopies(stores: readonly AlertStore[], open: readonly Copy[]): Promise<readonly Copy[]> {
  if (open.length === 0) return open;
  const ids = [...new Set(open.map(({ alert }) => alert.id))];
  return (await askRegions(stores, (store) => store.alerts({ states: [], ids }))).values.flat();
}

/** One alert, open or over. Rejects with SluiceError `INPUT_INVALID` where no region knows it. */
export async function showAlert(stores: readonly AlertStore[], id: string): Promise<{ readonly alert: Alert; readonly problems: readonly string[] }> {
  const { values, problems } = await askRegions(stores, (store) => store.alerts({ states: [], ids: [id] }));
  const [alert] = latest(values.flat());
  if (alert === undefined) throw new SluiceError('INPUT_INVALID', `there is no alert ${id}: sluice alerts list --all`);
  return { alert, problems };
}
