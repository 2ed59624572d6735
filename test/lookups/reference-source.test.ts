import { appendFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { directorySource } from '../../src/lookups/reference-source.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CHANGED = Date.UTC(2026, 10, 22);

/** A folder whose only file was loaded, and was then written again at `CHANGED`. */
async function changed(now: () => number, text = 'second') {
  const directory = tempFolder({ 'sellers.ndjson': 'first' });
  const path = join(directory, 'sellers.ndjson');
  const source = directorySource(directory, now);
  const first = await source.read('sellers.ndjson', null);
  const tag = first.changed ? first.tag : null;
  writeFileSync(path, text);
  utimesSync(path, new Date(CHANGED), new Date(CHANGED));
  return { path, again: () => source.read('sellers.ndjson', tag) };
}

describe('a reference file that changed', () => {
  it('is taken at the first load however young it is, and told to be unchanged with its tag', async () => {
    const directory = tempFolder({ 'rates.csv': 'text' });
    const source = directorySource(directory, () => statSync(join(directory, 'rates.csv')).mtimeMs);
    const first = await source.read('rates.csv', null);
    expect(first).toMatchObject({ changed: true, text: 'text' });
    expect(await source.read('rates.csv', first.changed ? first.tag : null)).toEqual({ changed: false });
  });

  it('waits for a later refresh while somebody may still be writing it', async () => {
    let now = CHANGED + 1_999;
    const { again } = await changed(() => now, '');
    expect(await again()).toEqual({ changed: false });
    now += 1;
    expect(await again()).toMatchObject({ changed: true, text: '' });
  });

  it('does not wait for a time of change that is far ahead', async () => {
    const { again } = await changed(() => CHANGED - 3_600_000);
    expect(await again()).toMatchObject({ changed: true, text: 'second' });
  });

  it('is refused when it changes while it is read, and taken afterwards', async () => {
    const writes = [(file: string) => appendFileSync(file, ' and more')];
    let path = '';
    const site = await changed(() => {
      // Asked for between the look at the file and its reading.
      writes.pop()?.(path);
      return CHANGED + 60_000;
    });
    path = site.path;
    await expect(site.again()).rejects.toMatchObject({ code: 'LOOKUP_FAILED', cause: { message: 'it changed while it was read' } });
    utimesSync(path, new Date(CHANGED), new Date(CHANGED));
    expect(await site.again()).toMatchObject({ changed: true, text: 'second and more' });
  });
});
