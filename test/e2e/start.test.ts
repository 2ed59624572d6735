import { execFile } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { unguarded } from '../support/live.ts';
import { testEndpoints } from '../support/stack.ts';

const START = fileURLToPath(new URL('../../src/main/start.ts', import.meta.url));
const SALES = fileURLToPath(new URL('../../../shared/data/online-retail-2010-12-to-2011-07.csv.gz', import.meta.url));
/** Real sales lines that are sent here: two shop days, cancellations among them. */
const LINES = 5_000;

interface Verdict { readonly ok: boolean; readonly expected: number; readonly west: number; readonly east: number; readonly differences: number; readonly failures: number; readonly superseded: number; readonly seconds: number }

/** The demonstration as a newcomer runs it, on the servers of the tests. */
describe('npm start -- --once --json', () => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-e2e-'));
    const { regions, source } = await testEndpoints();
    writeFileSync(join(folder, 'servers.yaml'), stringify({ regions: unguarded(regions), source: { kafka: source } }));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function start(...args: readonly string[]): Promise<{ code: number; verdict: Verdict; log: string }> {
    return await new Promise((resolve) => {
      execFile(process.execPath, [START, '--once', '--json', '--config', join(folder, 'servers.yaml'), ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), verdict: JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Verdict, log: stderr });
      });
    });
  }

  it('carries generated events, spoiled ones among them, into both regions, and proves it', async () => {
    const { code, verdict, log } = await start('--events', '1500', '--rate', '500', '--corrupt', '0.01');
    expect(verdict, log).toMatchObject({ ok: true, differences: 0 });
    expect(code).toBe(0);
    expect(verdict.west).toBe(verdict.expected);
    expect(verdict.east).toBe(verdict.expected);
    expect(verdict.failures).toBeGreaterThan(0);
    expect(verdict.expected).toBeGreaterThan(500);
  });

  it.skipIf(!realSalesAreThere())('carries real sales lines into both regions as plain SQL expects them', async () => {
    const file = join(folder, 'sales.csv');
    await headOf(SALES, LINES, file);
    const { code, verdict, log } = await start('--input', file, '--pipeline', 'retail-sales');
    expect(verdict, log).toMatchObject({ ok: true, differences: 0 });
    expect(code).toBe(0);
    expect(verdict.expected).toBeGreaterThan(4_000);
    expect([verdict.west, verdict.east]).toEqual([verdict.expected, verdict.expected]);
  });
});

function realSalesAreThere(): boolean {
  if (existsSync(SALES)) return true;
  process.stdout.write('skipped: ../shared/data is absent, so no real sales are carried.\n');
  return false;
}

async function headOf(gzipped: string, lines: number, target: string): Promise<void> {
  const out = createWriteStream(target);
  let left = lines + 1;
  for await (const line of createInterface({ input: createReadStream(gzipped).pipe(createGunzip()) })) {
    if (left-- <= 0) break;
    out.write(`${line}\n`);
  }
  await new Promise<void>((resolve) => out.end(resolve));
}
