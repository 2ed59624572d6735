/** One step on the way of one server; `server` is null where it concerns all. */
export interface StackProgress {
  readonly server: string | null;
  readonly text: string;
}

/** Told what happens while a stack starts. */
export type Report = (text: string) => void;
