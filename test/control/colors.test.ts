import { describe, expect, it } from 'vitest';
import { wanted } from '../../src/control/cli/colors.ts';

describe('colours', () => {
  it.each([
    ['on a terminal', {}, [], true, true],
    ['not in a pipe', {}, [], false, false],
    ['not because a CI runs it', { CI: 'true' }, [], false, false],
    ['not with NO_COLOR', { NO_COLOR: '1' }, [], true, false],
    ['not with --no-color', {}, ['--no-color'], true, false],
    ['not on a dumb terminal', { TERM: 'dumb' }, [], true, false],
    ['in a pipe when forced', { FORCE_COLOR: '1' }, [], false, true],
  ] as const)('%s', (_, env, args, terminal, expected) => {
    expect(wanted(env, args, terminal)).toBe(expected);
  });
});
