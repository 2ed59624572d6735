import { createLogUpdate } from 'log-update';
import { barOf } from './bar.ts';
import type { RedriveHooks } from '../../redrive/redrive.ts';
import type { CaseResult } from '../../redrive/outcome.ts';

const UPDATE_MS = 100;

/** A bar on a terminal's standard error; silent elsewhere. */
export interface RedriveProgress extends Required<RedriveHooks> {
  end(): void;
}

export function redriveProgress(stream: NodeJS.WriteStream, now: () => number): RedriveProgress {
  if (stream.isTTY !== true) return { onSelected: () => undefined, onCase: () => undefined, end: () => undefined };
  const update = createLogUpdate(stream);
  const seen = new Map<CaseResult['kind'], number>();
  let [total, done, shownAt] = [0, 0, -Infinity];
  return {
    onSelected: (cases) => { total = cases; },
    onCase: (_, { kind }) => {
      done += 1;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      if (now() - shownAt < UPDATE_MS && done < total) return;
      shownAt = now();
      update(`${barOf(done, total)} ${done.toLocaleString('en')}/${total.toLocaleString('en')}  ${[...seen].map(([name, count]) => `${count} ${name}`).join(', ')}`);
    },
    end: () => update.clear(),
  };
}
