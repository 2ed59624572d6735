import { Counter } from 'prom-client';
import type { Config } from '../config/schema.ts';
import { alertRoutes } from '../control/rest/alert-routes.ts';
import { failureRoutes } from '../control/rest/failure-routes.ts';
import { RedriveRuns } from '../control/rest/redrive-runs.ts';
import { createRouter } from '../control/rest/router.ts';
import { createRegistry } from '../observability/metrics.ts';
import { openAlertStores } from './alert-stores.ts';
import { openRedrive } from './redrive.ts';
import { runService, type Component, type ServiceContext } from './service.ts';

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);

/** Serves the API at `http.host` and `http.port` until a signal; resolves with the exit code. */
export async function runApi(config: Config): Promise<number> {
  return runService(config, { name: 'api', drainTimeoutMs: config.processor.drainTimeoutMs, build: async (context) => [apiComponent(context)] });
}

function apiComponent({ config, clock, log, labels }: ServiceContext): Component {
  const registry = createRegistry(labels);
  const requests = new Counter({ name: 'sluice_api_requests_total', help: 'API requests by route and status.', labelNames: ['route', 'status'], registers: [registry] });
  const cases = new Counter({ name: 'sluice_redrive_cases_total', help: 'Failed records that were redriven, by result.', labelNames: ['result'], registers: [registry] });
  const { parts, close } = openRedrive(config, log);
  const alerts = openAlertStores(config, clock);
  const runs = new RedriveRuns({ newId: parts.newId, now: () => clock.now(), onCase: (result) => cases.inc({ result }) });
  return {
    registry, close: async () => void (await Promise.all([close(), alerts.close()])),
    health: { name: 'api', progress: () => ({ count: runs.done, hasWork: runs.running > 0 }), notReady: () => [], status: () => ({ redrives: runs.list() }) },
    handle: createRouter({
      routes: [...failureRoutes(parts, runs), ...alertRoutes([...alerts.stores.values()])], under: '/v1/', loopback: LOOPBACK.has(config.http.host),
      onReply: (route, status) => requests.inc({ route, status }),
      onError: (error) => log.error({ err: error }, 'an API request broke'),
    }),
    run: async (drain) => {
      if (!drain.aborted) await new Promise((resolve) => { drain.addEventListener('abort', resolve, { once: true }); });
      await runs.close();
    },
  };
}
