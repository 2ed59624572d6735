import { expect, it } from 'vitest';
import { SluiceError } from '../../src/domain/errors.ts';
import { createLog } from '../../src/observability/log.ts';

function capture(): { lines: Record<string, unknown>[]; log: ReturnType<typeof createLog> } {
  const lines: Record<string, unknown>[] = [];
  const to = { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) };
  return { lines, log: createLog({ level: 'info', service: 'processor', host: 'h1', hostGroup: 'g', lane: 'west-east', to }) };
}

it('writes one JSON line with the fields of the process and of the child', () => {
  const { lines, log } = capture();
  log.child({ batch: 'b-1' }).info({ records: 5 }, 'indexed');
  expect(lines).toEqual([{ level: 'info', time: expect.any(String), service: 'processor', host: 'h1', host_group: 'g', lane: 'west-east', batch: 'b-1', records: 5, msg: 'indexed' }]);
});

it('shows no secret: in fields, in children, in messages, in errors', () => {
  const { lines, log } = capture();
  log.child({ apiKey: 'hunter2' }).warn({ sasl: { password: 'hunter2' }, list: [{ token: 'hunter2' }] }, 'cannot reach http://me:hunter2@a:1');
  log.error({ err: new SluiceError('ELASTICSEARCH_REFUSED', 'no', { details: { authorization: 'hunter2' }, cause: new Error('at http://me:hunter2@a:1') }) }, 'failed');
  log.error(new Error('at http://me:hunter2@a:1'));
  expect(lines).toHaveLength(3);
  expect(JSON.stringify(lines)).not.toContain('hunter2');
  expect(lines[1]).toMatchObject({ err: { code: 'ELASTICSEARCH_REFUSED', message: 'no', cause: { type: 'Error' } } });
});
