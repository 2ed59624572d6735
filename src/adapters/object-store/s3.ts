import { DeleteObjectCommand, GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import type { Fetched, GetOptions, ObjectStore, PutCondition, StoredObject, Written } from '../../ports/object-store.ts';
import { attemptsOf, nameOf, statusOf, storeError } from './errors.ts';

/** How to reach one bucket. */
export interface S3Settings {
  /** Base address; the public one of `region` when absent. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** Put before every key. */
  readonly prefix: string;
  /** Bucket in the path instead of the host name. */
  readonly pathStyle: boolean;
  /** Both or none; without them the usual chain (environment, profile, instance) is asked. */
  readonly accessKeyId?: string | undefined;
  readonly secretAccessKey?: string | undefined;
  /** `required` leaves out the checksums that older stores refuse (Swift 2.30: those behind a stream, which nothing here sends). */
  readonly checksums: 'supported' | 'required';
  /** `emulated` looks first and writes then, for stores without conditional writes (Swift): of two that write at once, both may be told that they did. */
  readonly conditionalWrites?: 'supported' | 'emulated' | undefined;
  readonly requestTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Keys that one listing request asks for; as many as the store gives (1,000) when absent. */
  readonly pageKeys?: number;
}

/** Tries of one call, the first included; the client waits between them. */
const ATTEMPTS = 3;
const PRECONDITION_FAILED = 412;
const NOT_SATISFIABLE = 416;
/** Two conditional writes met: neither knows yet who was first, and this one was not. */
const CONDITIONAL_CONFLICT = 409;

/** One bucket over the S3 protocol. Nothing is sent before the first use. */
export function connectObjectStore(settings: S3Settings): ObjectStore {
  return new S3Store(settings);
}

class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #pageKeys: number | undefined;
  readonly #emulated: boolean;

  constructor(settings: S3Settings) {
    this.#client = new S3Client(optionsOf(settings));
    this.#bucket = settings.bucket;
    this.#prefix = settings.prefix;
    this.#pageKeys = settings.pageKeys;
    this.#emulated = settings.conditionalWrites === 'emulated';
  }

  async get(key: string, { range, ifMatch }: GetOptions = {}): Promise<Fetched> {
    try {
      const answer = await this.#client.send(new GetObjectCommand({
        ...this.#place(key),
        ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end - 1}` }),
        ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
      }));
      const bytes = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);
      if (range !== undefined && bytes.length !== range.end - range.start) return { kind: 'changed' };
      return { kind: 'found', bytes, etag: answer.ETag ?? '' };
    } catch (error) {
      const status = statusOf(error);
      if (isNoObject(error)) return { kind: 'absent' };
      if (status === PRECONDITION_FAILED || status === NOT_SATISFIABLE) return { kind: 'changed' };
      throw storeError(error, `reading ${key}`, this.#bucket);
    }
  }

  async put(key: string, bytes: Uint8Array, condition?: PutCondition): Promise<Written> {
    if (!this.#emulated || condition === undefined) return await this.#put(key, bytes, condition);
    const there = await this.get(key);
    const holds = condition.kind === 'absent' ? there.kind === 'absent' : there.kind === 'found' && there.etag === condition.etag;
    return holds ? await this.#put(key, bytes, undefined) : { kind: 'conflict' };
  }

  async #put(key: string, bytes: Uint8Array, condition: PutCondition | undefined): Promise<Written> {
    try {
      const { ETag } = await this.#client.send(new PutObjectCommand({ ...this.#place(key), Body: bytes, ContentLength: bytes.length, ...headerOf(condition) }));
      return { kind: 'written', etag: ETag ?? '' };
    } catch (error) {
      const status = statusOf(error);
      const met = status === PRECONDITION_FAILED || status === CONDITIONAL_CONFLICT || isNoObject(error);
      if (condition !== undefined && met) return attemptsOf(error) > 1 ? await this.#isOurs(key, bytes) : { kind: 'conflict' };
      throw storeError(error, `writing ${key}`, this.#bucket);
    }
  }

  /** Where an answer was lost, the client writes again, and meets what it wrote itself. */
  async #isOurs(key: string, bytes: Uint8Array): Promise<Written> {
    const there = await this.get(key);
    return there.kind === 'found' && there.bytes.equals(bytes) ? { kind: 'written', etag: there.etag } : { kind: 'conflict' };
  }

  async* list(prefix: string): AsyncGenerator<StoredObject, void, undefined> {
    let token: string | undefined;
    do {
      const page = await this.#page(prefix, token);
      for (const { Key, Size, ETag } of page.Contents ?? []) {
        if (Key !== undefined) yield { key: Key.slice(this.#prefix.length), size: Size ?? 0, etag: ETag ?? '' };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  async remove(key: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#place(key)));
    } catch (error) {
      if (!isNoObject(error)) throw storeError(error, `removing ${key}`, this.#bucket);
    }
  }

  close(): Promise<void> {
    this.#client.destroy();
    return Promise.resolve();
  }

  async #page(prefix: string, token: string | undefined) {
    try {
      return await this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: this.#prefix + prefix, ...(this.#pageKeys === undefined ? {} : { MaxKeys: this.#pageKeys }), ...(token === undefined ? {} : { ContinuationToken: token }) }));
    } catch (error) {
      throw storeError(error, `listing ${prefix}`, this.#bucket);
    }
  }

  #place(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: this.#prefix + key };
  }
}

function headerOf(condition: PutCondition | undefined): { IfNoneMatch?: string; IfMatch?: string } {
  if (condition === undefined) return {};
  return condition.kind === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: condition.etag };
}

function isNoObject(error: unknown): boolean {
  return nameOf(error) === 'NoSuchKey' || nameOf(error) === 'NotFound';
}

function optionsOf({ endpoint, region, pathStyle, accessKeyId, secretAccessKey, checksums, requestTimeoutMs, connectTimeoutMs }: S3Settings): S3ClientConfig {
  const when = checksums === 'supported' ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED';
  return {
    region,
    forcePathStyle: pathStyle,
    maxAttempts: ATTEMPTS,
    requestChecksumCalculation: when,
    responseChecksumValidation: when,
    requestHandler: { requestTimeout: requestTimeoutMs, connectionTimeout: connectTimeoutMs, throwOnRequestTimeout: true },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(accessKeyId === undefined || secretAccessKey === undefined ? {} : { credentials: { accessKeyId, secretAccessKey } }),
  };
}
