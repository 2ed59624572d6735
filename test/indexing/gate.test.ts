import { describe, expect, it } from 'vitest';
import { Gate, type GateState, type Trouble } from '../../src/indexing/gate.ts';
import { ManualClock } from '../support/manual-clock.ts';

const NEVER = new AbortController().signal;
const RETRY: Trouble = { kind: 'retry', reason: '429' };

function gateWith(clock: ManualClock, states: GateState['kind'][] = []): Gate {
  return new Gate({ clock, random: () => 1, retryMinMs: 100, retryMaxMs: 400, probeMs: 1_000, onChange: (state) => states.push(state.kind) });
}

async function send(gate: Gate, trouble: Trouble | null, sent: string[] = [], name = ''): Promise<void> {
  await gate.through(NEVER, async () => {
    sent.push(name);
    return { result: undefined, trouble };
  });
}

describe('the gate before a cluster', () => {
  it('is open until there is trouble', async () => {
    const gate = gateWith(new ManualClock());
    await send(gate, null);
    expect(gate.state.kind).toBe('open');
  });

  it('after trouble lets one go first, and the others at once when that one gets through', async () => {
    const [clock, sent] = [new ManualClock(), [] as string[]];
    const gate = gateWith(clock);
    await send(gate, RETRY);
    const waiting = [send(gate, null, sent, 'a'), send(gate, null, sent, 'b'), send(gate, null, sent, 'c')];
    await clock.advance(99);
    expect(sent).toEqual([]);
    await clock.advance(1);
    await Promise.all(waiting);
    expect(sent.sort()).toEqual(['a', 'b', 'c']);
    expect(gate.state.kind).toBe('open');
  });

  it('waits longer after each failure, up to a limit', async () => {
    const [clock, sent] = [new ManualClock(), [] as string[]];
    const gate = gateWith(clock);
    await send(gate, RETRY);
    for (const wait of [100, 200, 400, 400]) {
      const probe = send(gate, RETRY, sent, String(wait));
      await clock.advance(wait - 1);
      expect(sent).toEqual([]);
      await clock.advance(1);
      await probe;
      expect(sent.splice(0)).toEqual([String(wait)]);
    }
  });

  it('probes a held cluster at its own pace and tells each state', async () => {
    const [clock, states] = [new ManualClock(), [] as GateState['kind'][]];
    const gate = gateWith(clock, states);
    await send(gate, { kind: 'hold', reason: 'write block' });
    const probe = send(gate, null);
    await clock.advance(1_000);
    await probe;
    expect(states).toEqual(['held', 'open']);
  });

  it('counts several failures of requests that were under way together as one', async () => {
    const gate = gateWith(new ManualClock());
    await Promise.all([send(gate, RETRY), send(gate, RETRY), send(gate, RETRY)]);
    expect(gate.state).toMatchObject({ kind: 'backing-off', attempt: 1 });
  });

  it('lets the next one probe when a probe breaks', async () => {
    const clock = new ManualClock();
    const gate = gateWith(clock);
    await send(gate, RETRY);
    const broken = gate.through(NEVER, () => Promise.reject(new Error('bug')));
    broken.catch(() => {}); // awaited below
    await clock.advance(100);
    await expect(broken).rejects.toThrow('bug');
    await send(gate, null);
    expect(gate.state.kind).toBe('open');
  });

  it('stops waiting when told to', async () => {
    const stop = new AbortController();
    const gate = gateWith(new ManualClock());
    await send(gate, RETRY);
    const waiting = gate.through(stop.signal, async () => ({ result: undefined, trouble: null }));
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});
