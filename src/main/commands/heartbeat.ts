import { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { HeartbeatEmitter } from '../../heartbeat/emit.ts';
import { createLog } from '../../observability/log.ts';
import { createRegistry } from '../../observability/metrics.ts';
import { SluiceError } from '../../domain/errors.ts';
import type { Config } from '../../config/schema.ts';
import { configured, hostOf } from '../configured.ts';
import { emitOptions, runHeartbeat } from '../heartbeat.ts';

const HELP = `
Examples:
  sluice heartbeat                 until SIGTERM or Ctrl-C, every heartbeats.everyMs
  sluice heartbeat --once          one into each source partition, then end

Ingest emits heartbeats itself for the partitions that it reads; this one does so from outside, for all of them, and goes on
when ingest is gone. Both may run: each interval counts once. What became of them: sluice heartbeats.`;

/** `sluice heartbeat`: an injector apart from ingest. */
export function heartbeatCommand(): Command {
  return new Command('heartbeat').description('write heartbeats into every partition of the source topics')
    .option('--once', 'one round', false).addHelpText('after', HELP)
    .action((flags: { once: boolean }, self: Command) => act(flags, self));
}

async function act({ once }: { once: boolean }, self: Command): Promise<void> {
  const { config: file, json } = globalsOf(self);
  const { config } = await configured(file);
  if (config.heartbeats.everyMs === 0 && !once) throw new SluiceError('USAGE', 'heartbeats.everyMs is 0: say how often, such as SLUICE__HEARTBEATS__EVERY_MS=10000');
  if (!once) return void (process.exitCode = await runHeartbeat(config));
  const sent = await round(config);
  process.stdout.write(json ? `${JSON.stringify({ sent })}\n` : `${sent} heartbeats\n`);
  process.exitCode = sent > 0 ? 0 : 1;
}

async function round(config: Config): Promise<number> {
  const log = createLog({ level: config.log.level, service: 'heartbeat', host: hostOf(config), hostGroup: config.host.group });
  const everyMs = config.heartbeats.everyMs || 1;
  const emitter = new HeartbeatEmitter({ ...emitOptions({ config, log, clock: systemClock, host: hostOf(config), registry: createRegistry({}), owns: () => true }), everyMs });
  try {
    return await emitter.emit();
  } finally {
    await emitter.close();
  }
}
