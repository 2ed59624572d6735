import type { HttpStub } from '../../test/support/http-stub.ts';

/** One thing that the webhook was told. */
export interface ToldOnce {
  readonly rule: string;
  readonly key: string;
  readonly state: 'firing' | 'resolved';
}

/** Everything told so far, in order. */
export function toldTo(hook: HttpStub): ToldOnce[] {
  return hook.seen.flatMap(({ body }) => (JSON.parse(body) as { alerts: ToldOnce[] }).alerts);
}

/** Alerts whose end was not told yet. */
export function openIn(told: readonly ToldOnce[]): string[] {
  const last = new Map(told.map(({ key, state }) => [key, state]));
  return [...last].filter(([, state]) => state === 'firing').map(([key]) => key);
}

/** Rules that fired in it and that are not expected. */
export function extraIn(told: readonly ToldOnce[], expected: readonly string[]): string[] {
  return [...new Set(told.filter(({ rule, state }) => state === 'firing' && !expected.includes(rule)).map(({ key }) => key))];
}
