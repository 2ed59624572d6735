import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const ROOT = new URL('../../', import.meta.url);
const SHOWN_COMMIT = 10;

/**
 * The version of the running code, for `origin` and `--version`: `0.1.0+1a2b3c4d5e`, without the commit where there is
 * no git folder. `SLUICE_CODE_VERSION` overrides it (set by a build).
 */
export function codeVersion(env: Readonly<Record<string, string | undefined>> = process.env, root: URL = ROOT): string {
  const given = env['SLUICE_CODE_VERSION'];
  if (given !== undefined && given !== '') return given;
  const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
  const commit = commitOf(root);
  return commit === null ? version : `${version}+${commit.slice(0, SHOWN_COMMIT)}`;
}

/** Read from git's own files: a program that starts often should not start git. */
function commitOf(root: URL): string | null {
  const head = textOf(new URL('.git/HEAD', root));
  if (head === null) return null;
  const reference = /^ref: (\S+)/.exec(head)?.[1];
  const commit = reference === undefined ? head : (textOf(new URL(`.git/${reference}`, root)) ?? packed(root, reference));
  return commit !== null && /^[0-9a-f]{40,64}\s*$/.test(commit) ? commit.trim() : null;
}

function packed(root: URL, reference: string): string | null {
  const line = textOf(new URL('.git/packed-refs', root))?.split('\n').find((entry) => entry.endsWith(` ${reference}`));
  return line?.split(' ', 1)[0] ?? null;
}

function textOf(file: URL): string | null {
  try {
    return readFileSync(fileURLToPath(file), 'utf8');
  } catch {
    return null;
  }
}
