import { describe, expect, test } from 'vitest';
import { endpointsOf, EXTRAS, instancesOf, serverOfExtra } from '../../src/stack/layout.ts';

describe('servers of a stack', () => {
  test('are Kafka and Elasticsearch of both regions', () => {
    expect(instancesOf([]).map(({ name }) => name)).toEqual(['kafka-west', 'kafka-east', 'elasticsearch-west', 'elasticsearch-east']);
  });

  test('can have a Kafka of their own for the source topics', () => {
    expect(instancesOf(['source']).map(({ name }) => name)).toContain('kafka-source');
  });

  test('can have one object store, which is no region\'s', () => {
    expect(instancesOf(['object-store']).map(({ name }) => name)).toEqual(['kafka-west', 'kafka-east', 'elasticsearch-west', 'elasticsearch-east', 'object-store']);
  });

  test.each(EXTRAS)('know the server that %s brings', (extra) => {
    expect(instancesOf([extra]).map(({ name }) => name)).toContain(serverOfExtra(extra));
  });

  test('can be picked by name, and a name that is none is refused with the choice', () => {
    expect(instancesOf([], ['kafka-east']).map(({ name }) => name)).toEqual(['kafka-east']);
    expect(() => instancesOf([], ['kafka-north'])).toThrow(/"kafka-north".*kafka-west, kafka-east/);
  });
});

describe('addresses of a stack', () => {
  const four: [string, string][] = [['kafka-west', 'kw:1'], ['kafka-east', 'ke:2'], ['elasticsearch-west', 'http://ew:3'], ['elasticsearch-east', 'http://ee:4']];

  test('give each region its servers, and the source to Kafka west', () => {
    expect(endpointsOf(new Map(four))).toEqual({
      source: { brokers: ['kw:1'] },
      regions: {
        west: { kafka: { brokers: ['kw:1'] }, elasticsearch: { nodes: ['http://ew:3'] } },
        east: { kafka: { brokers: ['ke:2'] }, elasticsearch: { nodes: ['http://ee:4'] } },
      },
    });
  });

  test('give the source its own Kafka where there is one', () => {
    expect(endpointsOf(new Map([...four, ['kafka-source', 'ks:5']])).source.brokers).toEqual(['ks:5']);
  });

  test('say how the object store is reached, where there is one', () => {
    expect(endpointsOf(new Map(four))).not.toHaveProperty('objectStore');
    expect(endpointsOf(new Map([...four, ['object-store', 'http://o:6']])).objectStore).toEqual({ endpoint: 'http://o:6', bucket: 'sluice', accessKeyId: 'sluice', secretAccessKey: 'sluice-secret' });
  });

  test('leave out a region that lacks a server', () => {
    expect(endpointsOf(new Map(four.slice(0, 3))).regions).not.toHaveProperty('east');
  });
});
