import { hostname } from 'node:os';

/** Who types a command, for the history. Not `userInfo()`: it throws for a user without an entry, as containers have them. */
export function operator(): string {
  return `${process.env['USER'] ?? `uid-${process.getuid?.() ?? 0}`}@${hostname()}`;
}
