import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readEndpoints, writeConfigFile } from '../../src/stack/config-file.ts';

let folder = '';
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'sluice-config-')); });
afterEach(() => rmSync(folder, { recursive: true }));

test('the configuration file of a stack is valid and says where its servers are', () => {
  const endpoints = { source: { brokers: ['127.0.0.1:1'] }, regions: { west: { kafka: { brokers: ['127.0.0.1:2'] }, elasticsearch: { nodes: ['http://127.0.0.1:3'] } } }, objectStore: { endpoint: 'http://127.0.0.1:4', bucket: 'sluice', accessKeyId: 'a', secretAccessKey: 'b' } };
  const path = writeConfigFile(folder, endpoints);
  expect(readEndpoints(path ?? '')).toEqual(endpoints);
});

test('a stack without a whole region leaves none', () => {
  expect(writeConfigFile(folder, { source: { brokers: ['127.0.0.1:1'] }, regions: {} })).toBeNull();
});
