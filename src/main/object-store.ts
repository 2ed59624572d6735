import { connectObjectStore } from '../adapters/object-store/s3.ts';
import { objectStoreSettings } from '../config/resolve.ts';
import type { Config } from '../config/schema.ts';
import { SluiceError } from '../domain/errors.ts';
import type { ObjectStore } from '../ports/object-store.ts';

/** The object store of the extracts; throws CONFIG_INVALID where the configuration names none. Nothing is sent before the first use. */
export function openObjectStore(config: Config): ObjectStore {
  if (config.objectStore === undefined) throw new SluiceError('CONFIG_INVALID', 'objectStore: expected the bucket that extracts lie in, found nothing; see docs/configuration.md');
  return connectObjectStore(objectStoreSettings(config.objectStore));
}
