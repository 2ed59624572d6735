import type { Command } from 'commander';

/** The options that every command takes. */
export interface Globals {
  readonly config?: string | undefined;
  readonly json: boolean;
}

/** The global options as given, wherever on the command line they stood. */
export function globalsOf(command: Command): Globals {
  const { config, json } = command.optsWithGlobals<{ config?: string; json?: boolean }>();
  return { config, json: json === true };
}
