import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { messageOf, SluiceError, type ErrorCode } from '../../domain/errors.ts';

/** Largest request body, bytes. */
export const MAX_BODY_BYTES = 1024 * 1024;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

type Method = 'GET' | 'POST' | 'DELETE';

/** One operation: a method, a path such as `/v1/failures/:id`, and what it takes, checked before it is handled. */
export interface RouteDefinition<Params, Query, Body> {
  readonly method: Method;
  readonly path: string;
  readonly params: z.ZodType<Params>;
  readonly query: z.ZodType<Query>;
  readonly body: z.ZodType<Body>;
  readonly handle: (input: { params: Params; query: Query; body: Body }) => Promise<Reply>;
}

/** A route whose types are its own affair. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  /** Null where the path is another one. */
  match(path: string): Record<string, string> | null;
  run(input: { params: unknown; query: unknown; body: unknown }): Promise<Reply>;
}

/** Nothing may be given. */
export const NOTHING = z.strictObject({});

export interface RouterOptions {
  readonly routes: readonly Route[];
  /** Paths that are answered here begin with this; all others are somebody else's. */
  readonly under: string;
  /** True where only this machine is listened to: then only its own names are answered to, whatever a name server says. */
  readonly loopback: boolean;
  readonly onReply?: (route: string, status: number) => void;
  readonly onError?: (error: unknown) => void;
}

/** Answers requests under one path; false for all others. */
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => boolean;

export function route<Params, Query, Body>(definition: RouteDefinition<Params, Query, Body>): Route {
  const names = definition.path.split('/');
  return {
    method: definition.method,
    path: definition.path,
    match: (path) => matched(names, path.split('/')),
    run: (input) => definition.handle({
      params: checked(definition.params, input.params, 'the path'),
      query: checked(definition.query, input.query, 'the query'),
      body: checked(definition.body, input.body, 'the body'),
    }),
  };
}

export function createRouter(options: RouterOptions): RequestHandler {
  return (request, response) => {
    // What is no address at all, such as `//`, is nothing under any path.
    const url = URL.parse(request.url ?? '/', 'http://here');
    if (url?.pathname.startsWith(options.under) !== true) return false;
    void respond(request, response, url, options);
    return true;
  };
}

async function respond(request: IncomingMessage, response: ServerResponse, url: URL, options: RouterOptions): Promise<void> {
  const { path, reply } = await replyTo(request, url, options);
  options.onReply?.(path, reply.status);
  const body = `${JSON.stringify(reply.body)}\n`;
  response.writeHead(reply.status, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(body), 'x-content-type-options': 'nosniff', 'cache-control': 'no-store', ...reply.headers }).end(body);
}

async function replyTo(request: IncomingMessage, url: URL, options: RouterOptions): Promise<{ path: string; reply: Reply }> {
  if (options.loopback && !LOOPBACK.has((request.headers.host ?? '').replace(/:\d+$/, ''))) return { path: 'unknown', reply: problem(403, 'FORBIDDEN', 'this address answers only to its own machine') };
  const found = options.routes.flatMap((one) => {
    const params = one.match(url.pathname);
    return params === null ? [] : [{ one, params }];
  });
  const hit = found.find(({ one }) => one.method === request.method);
  if (hit === undefined) return { path: found[0]?.one.path ?? 'unknown', reply: found.length === 0 ? notFound(url.pathname) : notAllowed(found.map(({ one }) => one.method)) };
  try {
    const body = hit.one.method === 'POST' ? await bodyOf(request) : {};
    return { path: hit.one.path, reply: await hit.one.run({ params: hit.params, query: queryOf(url.searchParams), body }) };
  } catch (error) {
    return { path: hit.one.path, reply: replyToError(error, options) };
  }
}

/** Values by name; a name that is given more than once has a list. */
function queryOf(search: URLSearchParams): Record<string, string | string[]> {
  return Object.fromEntries([...new Set(search.keys())].map((name) => {
    const values = search.getAll(name);
    return [name, values.length === 1 ? (values[0] as string) : values];
  }));
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  // A page of another site can post forms, but not this type without being asked first.
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) throw new Refused(415, 'the body must be application/json');
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw new Refused(413, `the body is over ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Refused(400, 'the body is not JSON');
  }
}

class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function checked<Value>(schema: z.ZodType<Value>, value: unknown, where: string): Value {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new Refused(400, `${where}: ${z.prettifyError(result.error)}`);
}

const STATUS: Partial<Record<ErrorCode, number>> = { USAGE: 400, INPUT_INVALID: 404, ELASTICSEARCH_UNAVAILABLE: 503, KAFKA_UNAVAILABLE: 503, ELASTICSEARCH_REFUSED: 502 };

function replyToError(error: unknown, { onError }: RouterOptions): Reply {
  if (error instanceof Refused) return problem(error.status, 'USAGE', error.message);
  if (error instanceof SluiceError) return problem(STATUS[error.code] ?? 500, error.code, messageOf(error));
  onError?.(error);
  return problem(500, 'BUG', 'something broke here; the log says what');
}

function matched(names: readonly string[], parts: readonly string[]): Record<string, string> | null {
  if (names.length !== parts.length) return null;
  const params: Record<string, string> = {};
  for (const [at, name] of names.entries()) {
    const part = decoded(parts[at] as string);
    if (name.startsWith(':') && part !== null && part !== '') params[name.slice(1)] = part;
    else if (name !== part) return null;
  }
  return params;
}

function decoded(part: string): string | null {
  try {
    return decodeURIComponent(part);
  } catch {
    return null; // a broken escape is no name of anything
  }
}

function notFound(path: string): Reply {
  return problem(404, 'INPUT_INVALID', `there is nothing at ${path}`);
}

function notAllowed(methods: readonly string[]): Reply {
  return { ...problem(405, 'USAGE', `only ${methods.join(', ')}`), headers: { allow: methods.join(', ') } };
}

/** An error as this API tells it. */
function problem(status: number, code: string, message: string): Reply {
  return { status, body: { ok: false, error: { code, message } } };
}
