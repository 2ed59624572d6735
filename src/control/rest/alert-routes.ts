import { z } from 'zod';
import { listAlerts, showAlert } from '../../monitor/alerts/all-regions.ts';
import type { AlertStore } from '../../monitor/alerts/store.ts';
import { NOTHING, route, type Route } from './router.ts';

const text = z.string().min(1).max(1_000);
const listQuery = z.strictObject({ all: z.stringbool().default(false), rule: text.optional() });
const id = z.strictObject({ id: text });

/** The feed of alerts: what is wrong now (`all`: also what is over), the silences in force, and one alert whole. */
export function alertRoutes(stores: readonly AlertStore[]): Route[] {
  return [
    route({ method: 'GET', path: '/v1/alerts', params: NOTHING, query: listQuery, body: NOTHING, handle: async ({ query }) => ({ status: 200, body: await listAlerts(stores, query) }) }),
    route({ method: 'GET', path: '/v1/alerts/:id', params: id, query: NOTHING, body: NOTHING, handle: async ({ params }) => ({ status: 200, body: await showAlert(stores, params.id) }) }),
  ];
}
