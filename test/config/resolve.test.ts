import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { elasticsearchSettings, kafkaSettings } from '../../src/config/resolve.ts';
import { loadConfig } from '../../src/config/load.ts';
import { tempFolder } from '../support/temp-folder.ts';

async function configured() {
  const cwd = tempFolder({ 'ca.pem': 'CA\n', password: 'pass word\n', 'sluice.config.yaml': `
regions:
  west:
    kafka: { brokers: ["a:1"], tls: { caFile: ca.pem, serverName: kafka }, sasl: { mechanism: SCRAM-SHA-512, username: u, passwordFile: password } }
    elasticsearch: { nodes: ["https://a:2"], username: u, passwordFile: password, tls: { caFile: ca.pem } }
source: { kafka: { brokers: ["a:1"] } }
` });
  const config = await loadConfig({ cwd, env: {} });
  return { cwd, config, west: config.regions['west']! };
}

it('reads certificates and secrets from their files, without the trailing newline', async () => {
  const { config, west } = await configured();
  expect(kafkaSettings(config, west.kafka, 'me')).toMatchObject({
    clientId: 'me', brokers: ['a:1'], tls: { ca: Buffer.from('CA\n'), servername: 'kafka', rejectUnauthorized: true }, sasl: { mechanism: 'SCRAM-SHA-512', password: 'pass word' },
  });
  expect(elasticsearchSettings(config, west.elasticsearch)).toMatchObject({ username: 'u', password: 'pass word', tls: { ca: 'CA\n' } });
});

it('says which file has gone', async () => {
  const { cwd, config, west } = await configured();
  rmSync(join(cwd, 'password'));
  expect(() => kafkaSettings(config, west.kafka, 'me')).toThrow(/password, named in the configuration, cannot be read/);
});
