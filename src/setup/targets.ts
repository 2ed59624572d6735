/** Indices named in one request: the path stays below the server's limit of 4 KB for names of 255 bytes at most. */
const MAX_TARGET_BYTES = 3_000;

/** Index names joined by commas, in as few pieces as fit. */
export function targetsOf(indices: readonly string[]): string[] {
  const targets: string[] = [];
  for (const index of indices) {
    const last = targets.at(-1);
    if (last === undefined || last.length + index.length >= MAX_TARGET_BYTES) targets.push(index);
    else targets[targets.length - 1] = `${last},${index}`;
  }
  return targets;
}
