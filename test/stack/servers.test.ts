import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { portVariableOf } from '../../src/stack/docker.ts';
import { EXTRAS, instancesOf } from '../../src/stack/layout.ts';
import { heapOf, nodeProperties } from '../../src/stack/servers/elasticsearch.ts';
import { serverProperties } from '../../src/stack/servers/kafka.ts';
import { storeProperties } from '../../src/stack/servers/object-store.ts';

interface Service {
  readonly image: string;
  readonly ports: readonly string[];
  readonly environment: Readonly<Record<string, unknown>>;
  readonly profiles?: readonly string[];
  readonly healthcheck: object;
}

const ROOT = join(import.meta.dirname, '../..');
const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as { services: Record<string, Service> };
const place = { name: 'kafka-west', region: 'west', folder: '/folder', ports: [21_001, 21_002] };

function properties(text: string): Map<string, string> {
  return new Map(text.trim().split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
}

describe('every server', () => {
  test('listens on 127.0.0.1 alone as a process', () => {
    const kafka = properties(serverProperties(place));
    expect(kafka.get('listeners')).toBe('PLAINTEXT://127.0.0.1:21001,CONTROLLER://127.0.0.1:21002');
    expect(properties(nodeProperties(place)).get('network.host')).toBe('127.0.0.1');
    expect(properties(storeProperties(place)).get('s3proxy.endpoint')).toBe('http://127.0.0.1:21001');
  });

  test.each(instancesOf([...EXTRAS]))('$name is published on 127.0.0.1 alone as a container', ({ name, kind }) => {
    const variable = portVariableOf(name);
    expect(compose.services[name]?.ports).toEqual([expect.stringMatching(new RegExp(`^127\\.0\\.0\\.1:\\$\\{${variable}:-\\d+\\}:${kind.containerPort}$`))]);
  });
});

describe('the heap of an Elasticsearch', () => {
  test.each([[undefined, '512m'], ['1536m', '1536m'], ['2G', '2G']])('is %s → %s', (said, heap) => {
    expect(heapOf({ SLUICE_ELASTICSEARCH_HEAP: said })).toBe(heap);
  });
  test.each(['', '2', '-1g', '1g -XX:+UseG1GC'])('cannot be "%s"', (said) => {
    expect(() => heapOf({ SLUICE_ELASTICSEARCH_HEAP: said })).toThrow(/SLUICE_ELASTICSEARCH_HEAP .* such as 512m or 2g/);
  });
});

describe('docker-compose.yml', () => {
  test('has exactly the servers that a stack can have, each with a health check', () => {
    expect(Object.keys(compose.services).sort()).toEqual(instancesOf([...EXTRAS]).map(({ name }) => name).sort());
    for (const service of Object.values(compose.services)) expect(service.healthcheck).toBeDefined();
  });

  test('starts the extras only when asked', () => {
    expect(Object.entries(compose.services).filter(([, { profiles }]) => profiles !== undefined).map(([name]) => name)).toEqual(['kafka-source', 'object-store']);
  });

  test.each([['kafka', 'org.apache.kafka', 'kafka_2.13'], ['elasticsearch', 'org.elasticsearch', 'elasticsearch'], ['object-store', 'org.gaul', 's3proxy']])('%s has the version of its pom', (kind, group, artifact) => {
    const pom = readFileSync(join(ROOT, 'stack', kind, 'pom.xml'), 'utf8');
    const version = new RegExp(`<groupId>${group}</groupId>\\s*<artifactId>${artifact}</artifactId>\\s*<version>([^<]+)<`).exec(pom)?.[1];
    const images = Object.entries(compose.services).filter(([name]) => name.startsWith(kind)).map(([, { image }]) => image.split(':')[1]);
    expect(new Set(images)).toEqual(new Set([version]));
  });

  test('gives Kafka the settings that it has as a process', () => {
    const asProcess = properties(serverProperties(place));
    const environment = compose.services['kafka-west']?.environment ?? {};
    for (const name of ['auto.create.topics.enable', 'message.max.bytes', 'offsets.topic.num.partitions', 'log.retention.hours', 'group.initial.rebalance.delay.ms']) {
      expect(String(environment[`KAFKA_${name.toUpperCase().replaceAll('.', '_')}`])).toBe(asProcess.get(name));
    }
  });
});
