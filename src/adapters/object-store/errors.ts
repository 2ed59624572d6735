import { SluiceError, messageOf } from '../../domain/errors.ts';

/** What an error of the client tells: the HTTP status where the store answered, and the name of the refusal. */
interface ClientError { readonly name?: string; readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number } }

const TOO_MANY = 429;
const NOT_IMPLEMENTED = 501;

export function statusOf(error: unknown): number | null {
  return (error as ClientError).$metadata?.httpStatusCode ?? null;
}

/** How often the client sent the request. */
export function attemptsOf(error: unknown): number {
  return (error as ClientError).$metadata?.attempts ?? 1;
}

export function nameOf(error: unknown): string {
  return (error as ClientError).name ?? 'Error';
}

/** The product's error for a call that failed: `doing` is a phrase such as `reading a/b`. */
export function storeError(error: unknown, doing: string, bucket: string): SluiceError {
  const status = statusOf(error);
  const details = { status, name: nameOf(error), bucket };
  const unavailable = status === null ? !isLocal(error) : status === TOO_MANY || (status >= 500 && status !== NOT_IMPLEMENTED);
  if (unavailable) return new SluiceError('OBJECT_STORE_UNAVAILABLE', `the object store does not answer (${doing}): ${messageOf(error)}`, { cause: error, details });
  return new SluiceError('OBJECT_STORE_REFUSED', `the object store refused ${doing}: ${reasonOf(error, status, bucket)}`, { cause: error, details });
}

function reasonOf(error: unknown, status: number | null, bucket: string): string {
  const name = nameOf(error);
  if (name === 'NoSuchBucket') return `there is no bucket ${bucket}: create it, or name another one (objectStore.bucket)`;
  if (status === NOT_IMPLEMENTED) return `it cannot do that: ${messageOf(error)} (for a store without conditional writes, such as OpenStack Swift: objectStore.conditionalWrites: emulated; for one without the newer checksums: objectStore.checksums: required)`;
  if (status === 401 || status === 403) return `${name}: ${messageOf(error)}; check objectStore.accessKeyId and objectStore.secretAccessKey`;
  return `${name}: ${messageOf(error)}`;
}

/** No request was made at all: the client found no credentials or did not like its options. */
function isLocal(error: unknown): boolean {
  return /Credentials|InvalidParameter|TypeError|ParamValidation/.test(nameOf(error));
}
