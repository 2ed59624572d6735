import { expect, it } from 'vitest';
import { configJsonSchema, configLines, redactedConfig } from '../../src/config/describe.ts';
import { loadConfigWithSources } from '../../src/config/load.ts';
import { tempFolder } from '../support/temp-folder.ts';

async function loaded() {
  const cwd = tempFolder({ 'sluice.config.yaml': `
regions:
  west: { kafka: { brokers: ["a:1"], sasl: { mechanism: PLAIN, username: me, password: hunter2 } }, elasticsearch: { nodes: ["http://a:2"], apiKey: hunter3 } }
source: { kafka: { brokers: ["a:1"] } }
objectStore: { bucket: extracts, accessKeyId: me, secretAccessKey: hunter4 }
backfill: { spark: { conf: { spark.hadoop.fs.s3a.secret.key: hunter5 } } }
monitor: { channels: { webhook: { w: { url: "http://a:3", secret: hunter6 } }, slack: { s: { webhookUrl: "http://a:4/hunter7" } }, pagerduty: { p: { routingKey: hunter8 } } } }
` });
  return loadConfigWithSources({ cwd, env: { SLUICE__HTTP__PORT: '81' } });
}

it('shows every value with its source, and no secret', async () => {
  const lines = configLines(await loaded());
  expect(lines).toContainEqual({ path: 'http.port', value: 81, source: 'environment SLUICE__HTTP__PORT' });
  expect(lines).toContainEqual({ path: 'regions.west.kafka.sasl.username', value: 'me', source: 'file' });
  expect(lines).toContainEqual({ path: 'objectStore.secretAccessKey', value: '[redacted]', source: 'file' });
  expect(lines).toContainEqual({ path: 'regions.west.kafka.sasl.password', value: '[redacted]', source: 'file' });
  expect(lines).toContainEqual({ path: 'ingest.lingerMs', value: 5, source: 'default' });
  expect(JSON.stringify([lines, redactedConfig(await loaded())])).not.toContain('hunter');
});

it('prints a JSON Schema that refuses unknown keys and describes each field', () => {
  const schema = configJsonSchema() as { additionalProperties: boolean; properties: Record<string, { description?: string }> };
  expect(schema.additionalProperties).toBe(false);
  expect(schema.properties['prefix']?.description).toContain('topic');
});
