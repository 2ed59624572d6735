#!/usr/bin/env node
import { enableCompileCache } from 'node:module';

// Before anything else is loaded: a warm start takes a fifth of the time.
enableCompileCache();
const { runCli } = await import('./cli.ts');
process.exit(await runCli(process.argv.slice(2)));
