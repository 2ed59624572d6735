#!/usr/bin/env node
// The command line of Sluice, on any Node >= 18.
import { run } from '../scripts/run.mjs';

await run('src/main/sluice.ts', process.argv.slice(2));
