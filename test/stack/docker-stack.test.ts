import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startStack, type Stack } from '../../src/stack/stack.ts';
import { waitFor } from '../support/wait.ts';

/** Stands in for the Docker client: keeps what it is told, and passes on the events that the test writes. */
const FAKE_DOCKER = `#!/bin/sh
here=$(dirname "$0")
echo "$KAFKA_WEST_PORT $*" >> "$here/calls"
case "$*" in
  *"events --json") exec tail -n +1 -f "$here/events" ;;
  *"logs --follow"*) echo "the last words of $(echo "$*" | sed 's/.* //')" ;;
  *" up "*) if [ -e "$here/refuse" ]; then rm "$here/refuse"; echo "Bind failed: port is already allocated" >&2; exit 1; fi ;;
esac
`;

const environment = { ...process.env };
let folder = '';
let stack: Stack | null = null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-docker-'));
  mkdirSync(join(folder, 'bin'));
  writeFileSync(join(folder, 'bin/docker'), FAKE_DOCKER, { mode: 0o755 });
  writeFileSync(join(folder, 'bin/events'), '');
  process.env['PATH'] = `${join(folder, 'bin')}:${environment['PATH'] ?? ''}`;
  delete process.env['SLUICE_STACK'];
});

afterEach(async () => {
  await stack?.down();
  stack = null;
  process.env = { ...environment };
  rmSync(folder, { recursive: true, force: true });
});

function calls(): string[] {
  return readFileSync(join(folder, 'bin/calls'), 'utf8').trim().split('\n');
}

describe('where a Docker engine answers', () => {
  test('the servers are containers, on the ports that clients are told', async () => {
    stack = await startStack({ folder: join(folder, 'stack'), only: ['kafka-west'] });
    const up = calls().find((call) => call.includes(' up '));
    expect(up).toMatch(/--project-name sluice-\w+ .*--wait .*kafka-west$/);
    expect(stack.servers).toMatchObject([{ name: 'kafka-west', state: 'ready', url: `127.0.0.1:${up?.split(' ')[0]}` }]);
  });

  test('a container that ends is noticed and named, one that is stopped is not', async () => {
    stack = await startStack({ folder: join(folder, 'stack'), only: ['kafka-west', 'kafka-east'] });
    const deaths: { name: string; log: string }[] = [];
    stack.onExit((death) => deaths.push(death));
    await waitFor(() => existsSync(join(folder, 'stack/kafka-east.log')) && readFileSync(join(folder, 'stack/kafka-east.log'), 'utf8') !== '', { what: 'the log' });
    await stack.stop('kafka-west');
    for (const service of ['kafka-west', 'kafka-east']) appendFileSync(join(folder, 'bin/events'), `${JSON.stringify({ action: 'die', service })}\n`);
    await waitFor(() => deaths.length > 0, { what: 'the news' });
    expect(deaths).toEqual([{ name: 'kafka-east', log: 'the last words of kafka-east' }]);
    expect(stack.servers.map(({ state }) => state)).toEqual(['stopped', 'died']);
  });

  test('a port that was taken meanwhile is replaced by another', async () => {
    writeFileSync(join(folder, 'bin/refuse'), '');
    stack = await startStack({ folder: join(folder, 'stack'), only: ['kafka-west'] });
    expect(new Set(calls().filter((call) => call.includes(' up ')).map((call) => call.split(' ')[0])).size).toBe(2);
  });

  test('a suspended server is a paused container', async () => {
    stack = await startStack({ folder: join(folder, 'stack'), only: ['kafka-west'] });
    await stack.kill('kafka-west', 'SIGSTOP');
    await stack.kill('kafka-west', 'SIGCONT');
    expect(calls().filter((call) => /\b(un)?pause\b/.test(call))).toEqual([expect.stringContaining('pause kafka-west'), expect.stringContaining('unpause kafka-west')]);
  });

  test('down removes containers and folder', async () => {
    stack = await startStack({ folder: join(folder, 'stack'), only: ['kafka-west'] });
    await stack.down();
    expect(calls().some((call) => call.includes('down --volumes'))).toBe(true);
    expect(existsSync(join(folder, 'stack'))).toBe(false);
  });
});

test('given addresses are used as they are', async () => {
  const given = { source: { brokers: ['somewhere:9092'] }, regions: {} };
  const found = await startStack({ folder: join(folder, 'stack'), given });
  expect(found.endpoints).toBe(given);
  await expect(found.stop('kafka-west')).rejects.toThrow(/addresses of the servers were given/);
  expect(existsSync(join(folder, 'stack'))).toBe(false);
});
