import { createLogUpdate } from 'log-update';

const WIDTH = 30;
const UPDATE_MS = 100;

/** `████░░░░ 50 %` */
export function barOf(done: number, total: number): string {
  const share = total === 0 ? 1 : Math.min(1, done / total);
  const full = Math.round(share * WIDTH);
  return `${'█'.repeat(full)}${'░'.repeat(WIDTH - full)} ${String(Math.floor(share * 100)).padStart(3)} %`;
}

/** A bar with a text beside it on a terminal's standard error; silent elsewhere. */
export function progressBar(stream: NodeJS.WriteStream, now: () => number): { show(done: number, total: number, text: string): void; end(): void } {
  if (stream.isTTY !== true) return { show: () => undefined, end: () => undefined };
  const update = createLogUpdate(stream);
  let shownAt = -Infinity;
  return {
    show: (done, total, text) => {
      if (now() - shownAt < UPDATE_MS && done < total) return;
      shownAt = now();
      update(`${barOf(done, total)}  ${text}`);
    },
    end: () => update.clear(),
  };
}
