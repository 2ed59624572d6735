import { Command } from 'commander';
import { systemClock } from '../../adapters/system-clock.ts';
import { globalsOf } from '../../control/cli/globals.ts';
import { SluiceError, messageOf } from '../../domain/errors.ts';
import type { AlertMessage } from '../../ports/alert-channel.ts';
import { createLog } from '../../observability/log.ts';
import { openChannels, runbookOf } from '../channels.ts';
import { configured, hostOf } from '../configured.ts';

const TIMEOUT_MS = 15_000;
const RULE = 'test';

/** `sluice alerts test CHANNEL`: sends an alert that says it is a test, and its end. */
export function testCommand(): Command {
  return new Command('test').description('send a test alert, and its end, to a channel of the configuration')
    .argument('<channel>', 'its name under monitor.channels')
    .addHelpText('after', '\nExamples:\n  sluice alerts test oncall')
    .action((name: string, _, self: Command) => act(name, self));
}

async function act(name: string, self: Command): Promise<void> {
  const { json, config: file } = globalsOf(self);
  const { config } = await configured(file);
  const log = createLog({ level: config.log.level, service: 'alerts', host: hostOf(config), hostGroup: config.host.group });
  const channels = openChannels(config, log);
  const found = channels.find(({ policy }) => policy.name === name);
  if (found === undefined) throw new SluiceError('USAGE', channels.length === 0 ? 'the configuration has no channels: see monitor.channels in docs/configuration.md' : `there is no channel ${name}; the channels are ${channels.map(({ policy }) => policy.name).join(', ')}`);
  const now = systemClock.now();
  try {
    for (const state of ['firing', 'resolved'] as const) await found.channel.send(message(state, now, config.prefix, runbookOf(config)(RULE)), AbortSignal.timeout(TIMEOUT_MS));
    process.stdout.write(json ? `${JSON.stringify({ ok: true, channel: name })}\n` : `channel ${name} took a test alert and its end\n`);
  } catch (error) {
    throw error instanceof SluiceError ? error : new SluiceError('CHANNEL_UNAVAILABLE', messageOf(error), { cause: error });
  } finally {
    await Promise.allSettled(channels.map(({ channel }) => channel.close()));
  }
}

function message(state: 'firing' | 'resolved', at: number, installation: string, runbook: string | null): AlertMessage {
  return {
    group: RULE, installation, at,
    alerts: [{
      id: `test-${at}`, key: `test@${at}`, rule: RULE, severity: 'info', state, labels: { channel: 'test' }, since: at, resolvedAt: state === 'resolved' ? at : null, value: null,
      what: 'a test of this channel; nothing is wrong', meaning: 'Somebody asked for it: nothing is to be done.', evidence: ['sluice alerts list'], runbook,
    }],
  };
}
