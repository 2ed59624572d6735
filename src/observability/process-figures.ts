import { statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** The loop is looked at this often: each look wakes the process, and one that has nothing to do should sleep. */
export const LOOP_RESOLUTION_MS = 100;
const NS_PER_MS = 1e6;
const LATE_PERCENT = 99;

/** How a process and its host are. */
export interface ProcessFigures {
  readonly memoryBytes: number;
  /** Of what the process may take (its container's limit, else the machine's memory), 0…1. */
  readonly memoryShare: number;
  /** How late the slowest hundredth of the event loop's turns came since the last look, ms. */
  readonly loopMs: number;
  /** Used share of the disk it works on, 0…1; null where that cannot be told. */
  readonly diskShare: number | null;
}

/** Begins to measure; each call of what is returned tells the time since the one before. */
export function measureProcess(): () => ProcessFigures {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  return () => {
    const memoryBytes = process.memoryUsage.rss();
    const loopMs = Math.max(0, Math.round(loop.percentile(LATE_PERCENT) / NS_PER_MS) - LOOP_RESOLUTION_MS);
    loop.reset();
    return { memoryBytes, memoryShare: memoryBytes / limit(), loopMs, diskShare: diskShare() };
  };
}

/** Without a limit, the constrained memory is 0 or absurdly large. */
function limit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}

function diskShare(): number | null {
  try {
    const { blocks, bavail } = statfsSync(process.cwd());
    return blocks > 0 ? 1 - bavail / blocks : null;
  } catch {
    return null;
  }
}
