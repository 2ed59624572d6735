import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Settlement, type Ticket } from '../../src/domain/settlement.ts';

const P0 = { topic: 't', partition: 0 };

function opened(settlement: Settlement, first: number): Ticket {
  return settlement.open(P0, first, settlement.assignmentOf(P0) as number) as Ticket;
}

describe('settlement', () => {
  it('commits only the contiguous settled prefix, in whatever order tickets settle', () => {
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 20 }), fc.infiniteStream(fc.nat()), (lengths, picks) => {
      const settlement = new Settlement();
      settlement.assign([P0]);
      const tickets: Ticket[] = [];
      let at = 0;
      for (const length of lengths) {
        const ticket = opened(settlement, at);
        at += length;
        ticket.next = at;
        tickets.push(ticket);
      }
      const open = [...tickets];
      while (open.length > 0) {
        settlement.settle(open.splice((picks.next().value as number) % open.length, 1)[0] as Ticket);
        const firstOpen = tickets.find((ticket) => !ticket.settled);
        const expected = firstOpen === undefined ? at : firstOpen.first;
        expect(settlement.committable()).toEqual(expected === 0 ? [] : [{ ...P0, offset: expected }]);
      }
    }));
  });

  it('tells a position once: committed ones are not committable again until they move', () => {
    const settlement = new Settlement();
    settlement.assign([P0]);
    const ticket = opened(settlement, 5);
    ticket.next = 9;
    settlement.settle(ticket);
    settlement.committed(settlement.committable());
    expect(settlement.committable()).toEqual([]);
  });

  it('ignores what was in flight for an assignment that ended, even when the partition comes back', () => {
    const settlement = new Settlement();
    settlement.assign([P0]);
    const old = opened(settlement, 0);
    old.next = 10;
    settlement.revoke([P0]);
    settlement.assign([P0]);
    settlement.settle(old);
    expect(settlement.committable()).toEqual([]);
  });

  it('opens nothing for records that came under an earlier assignment: what is before them is not settled', () => {
    const settlement = new Settlement();
    settlement.assign([P0]);
    const received = settlement.assignmentOf(P0) as number;
    settlement.revoke([P0]);
    settlement.assign([P0]);
    expect(settlement.open(P0, 20, received)).toBeNull();
    expect(opened(settlement, 0)).toMatchObject({ first: 0 });
  });

  it('opens nothing for a partition that is not ours', () => {
    expect(new Settlement().open(P0, 0, 1)).toBeNull();
    expect(new Settlement().assignmentOf(P0)).toBeNull();
  });
});
