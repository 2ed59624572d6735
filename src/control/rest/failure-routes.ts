import { z } from 'zod';
import { discard } from '../../redrive/discard.ts';
import { dryRun } from '../../redrive/dry-run.ts';
import { FAILURE_STATES } from '../../redrive/failure.ts';
import type { FailureStore } from '../../redrive/failure-store.ts';
import { meansAll, type FailureFilter } from '../../redrive/filter.ts';
import { failureStats, listFailures, showFailure } from '../../redrive/inspect.ts';
import { storesOf, type RedriveParts } from '../../redrive/parts.ts';
import { redrive, type RedriveRequest } from '../../redrive/redrive.ts';
import { MAX_SELECTED } from '../../redrive/select.ts';
import { SluiceError } from '../../domain/errors.ts';
import { MAX_RUNNING, type RedriveRuns } from './redrive-runs.ts';
import { NOTHING, route, type Reply, type Route } from './router.ts';

const PATIENCE_MS = 60_000;
const DEFAULT_RATE = 200;
const DEFAULT_LIMIT = 10_000;
const MAX_LISTED = 1_000;
const MAX_DRY_RUN = 100;

const text = z.string().min(1).max(1_000);
const time = z.iso.datetime({ offset: true }).transform((iso) => Date.parse(iso));
const some = <Item extends z.ZodType>(item: Item) => z.union([z.array(item).min(1), item.transform((one) => [one])]);

const conditions = {
  id: some(text).optional(), pipeline: text.optional(), type: text.optional(),
  stage: z.enum(['decode', 'enrich', 'document', 'produce', 'envelope', 'precheck', 'index']).optional(),
  since: time.optional(), until: time.optional(), lane: text.optional(), batch: text.optional(), text: text.optional(), document: text.optional(),
  state: some(z.enum(FAILURE_STATES)).optional(), region: some(text).optional(),
};
type Conditions = z.output<z.ZodObject<typeof conditions>>;

const listQuery = z.strictObject({ ...conditions, limit: z.coerce.number().int().min(1).max(MAX_LISTED).default(20) });
const statsQuery = z.strictObject(conditions);
const oneQuery = z.strictObject({ region: conditions.region });
const id = z.strictObject({ id: text });
/** Who does it is said, not guessed: it stands in the history. `all` must be said, too, where no condition is given. */
const action = { ...conditions, all: z.boolean().default(false), by: z.string().min(1).max(200), limit: z.int().min(1).max(MAX_SELECTED).default(DEFAULT_LIMIT) };
const discardBody = z.strictObject({ ...action, reason: z.string().min(1).max(1_000) });
const redriveBody = z.strictObject({ ...action, rate: z.number().positive().max(10_000).default(DEFAULT_RATE), dryRun: z.boolean().default(false) });

/** The failures over REST. A patch is code, so it is not taken here: redrive with one from the command line. */
export function failureRoutes(parts: RedriveParts, runs: RedriveRuns): Route[] {
  const stores = ({ region }: Pick<Conditions, 'region'>): FailureStore[] => storesOf(parts, regionsOf(parts, region));
  return [
    route({ method: 'GET', path: '/v1/failures', params: NOTHING, query: listQuery, body: NOTHING,
      handle: async ({ query }) => ok(await listFailures(stores(query), filterOf(query), query.limit)) }),
    route({ method: 'GET', path: '/v1/failures/stats', params: NOTHING, query: statsQuery, body: NOTHING,
      handle: async ({ query }) => ok(await failureStats(stores(query), filterOf(query))) }),
    route({ method: 'GET', path: '/v1/failures/:id', params: id, query: oneQuery, body: NOTHING,
      handle: async ({ params, query }) => ok({ id: params.id, failures: (await showFailure(stores(query), params.id)).map(({ region, index, source }) => ({ region, index, ...source })) }) }),
    route({ method: 'POST', path: '/v1/failures/discard', params: NOTHING, query: NOTHING, body: discardBody,
      handle: async ({ body }) => ok(await discard({ filter: chosen(body), regions: regionsOf(parts, body.region), reason: body.reason, by: body.by, limit: body.limit }, parts, new AbortController().signal)) }),
    route({ method: 'POST', path: '/v1/redrives', params: NOTHING, query: NOTHING, body: redriveBody,
      handle: async ({ body }) => begin(requestOf(body, parts), body.dryRun, parts, runs) }),
    ...runRoutes(runs),
  ];
}

function runRoutes(runs: RedriveRuns): Route[] {
  return [
    route({ method: 'GET', path: '/v1/redrives', params: NOTHING, query: NOTHING, body: NOTHING, handle: async () => ok({ redrives: runs.list() }) }),
    route({ method: 'GET', path: '/v1/redrives/:id', params: id, query: NOTHING, body: NOTHING, handle: async ({ params }) => ok(known(runs.get(params.id), params.id)) }),
    route({ method: 'DELETE', path: '/v1/redrives/:id', params: id, query: NOTHING, body: NOTHING, handle: async ({ params }) => ok(known(runs.stop(params.id), params.id)) }),
  ];
}

async function begin(request: RedriveRequest, dry: boolean, parts: RedriveParts, runs: RedriveRuns): Promise<Reply> {
  if (dry) return ok(await dryRun({ ...request, limit: Math.min(request.limit, MAX_DRY_RUN) }, parts, new AbortController().signal));
  const run = runs.start({ by: request.by, work: (hooks, signal) => redrive(request, parts, hooks, signal) });
  if (run === null) return { status: 429, body: { ok: false, error: { code: 'USAGE', message: `${MAX_RUNNING} redrives are running already` } } };
  return { status: 202, body: run, headers: { location: `/v1/redrives/${run.id}` } };
}

function requestOf(body: z.output<typeof redriveBody>, parts: RedriveParts): RedriveRequest {
  return { filter: chosen(body), regions: regionsOf(parts, body.region), transform: null, raiseEpoch: false, rate: body.rate, limit: body.limit, patienceMs: PATIENCE_MS, by: body.by };
}

function filterOf({ id: ids, pipeline, type, stage, since, until, lane, batch, text: words, document, state }: Conditions): FailureFilter {
  return { ids, pipeline, type, stage, since, until, lane, batch, text: words, documentId: document, states: state };
}

/** Nothing is chosen by forgetting to choose. */
function chosen(body: Conditions & { readonly all: boolean }): FailureFilter {
  const filter = filterOf(body);
  if (meansAll(filter) && !body.all) throw new SluiceError('USAGE', 'say which failures: id, a condition such as pipeline, or all');
  return filter;
}

function regionsOf({ regions }: RedriveParts, names: readonly string[] | undefined): string[] {
  const all = [...regions.keys()];
  const unknown = names?.find((name) => !regions.has(name));
  if (unknown !== undefined) throw new SluiceError('USAGE', `there is no region ${unknown}; the regions are ${all.join(', ')}`);
  return names === undefined ? all : all.filter((name) => names.includes(name));
}

function known<Value>(value: Value | null, of: string): Value {
  if (value === null) throw new SluiceError('INPUT_INVALID', `there is no redrive ${of} in this process; the failures themselves tell what was done`);
  return value;
}

function ok(body: unknown): Reply {
  return { status: 200, body };
}
