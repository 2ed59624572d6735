import { createColors } from 'picocolors';

/** Colours on a terminal only; NO_COLOR and --no-color turn them off, FORCE_COLOR on. */
export const colors = createColors(wanted(process.env, process.argv, process.stdout.isTTY));

/** Whether to colour; a CI's environment is no terminal. */
export function wanted(env: NodeJS.ProcessEnv, args: readonly string[], terminal: boolean): boolean {
  if (env['NO_COLOR'] || args.includes('--no-color')) return false;
  return Boolean(env['FORCE_COLOR']) || (terminal && env['TERM'] !== 'dumb');
}
