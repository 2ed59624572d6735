/** Room for the epoch inside a version: the low ten bits. */
export const EPOCHS = 1024;
/** Source versions stay below this (2^43), so that every version is a safe integer. */
export const MAX_SOURCE_VERSION = 2 ** 43 - 1;

/**
 * The external version of a document: `sourceVersion × 1024 + epoch`. A newer event always wins; between replays of
 * one event the higher epoch (the pipeline's data revision) wins. Throws RangeError outside the bounds.
 */
export function versionOf(sourceVersion: number, epoch: number): number {
  if (!Number.isSafeInteger(sourceVersion) || sourceVersion < 0 || sourceVersion > MAX_SOURCE_VERSION) {
    throw new RangeError(`source version ${sourceVersion} is not an integer in 0…${MAX_SOURCE_VERSION}`);
  }
  if (!Number.isInteger(epoch) || epoch < 0 || epoch >= EPOCHS) {
    throw new RangeError(`epoch ${epoch} is not an integer in 0…${EPOCHS - 1}`);
  }
  return sourceVersion * EPOCHS + epoch;
}

/** Takes a version apart again. */
export function partsOf(version: number): { sourceVersion: number; epoch: number } {
  return { sourceVersion: Math.floor(version / EPOCHS), epoch: version % EPOCHS };
}

/** True for what Elasticsearch and Sluice both accept as an external version. */
export function isVersion(version: number): boolean {
  return Number.isSafeInteger(version) && version >= 0;
}
