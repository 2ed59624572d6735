import { createLogUpdate } from 'log-update';

/** Where the demonstration shows itself: redrawn in place on a terminal, plain lines elsewhere. */
export interface Screen {
  readonly live: boolean;
  /** Replaces what stands there; a no-op where nothing can be redrawn. */
  draw(text: string): void;
  /** A line that stays. */
  say(text: string): void;
  /** Leaves the last drawing where it is. */
  end(): void;
}

/** A screen on a stream; with `--json` that is standard error, since standard output is for the machine. */
export function openScreen(stream: NodeJS.WriteStream): Screen {
  const live = stream.isTTY === true;
  const update = createLogUpdate(stream);
  return {
    live,
    draw: (text) => { if (live) update(text); },
    say: (text) => {
      if (live) update.clear();
      stream.write(`${text}\n`);
    },
    end: () => { if (live) update.done(); },
  };
}
