import { describe, expect, test } from 'vitest';
import { RetailFeeder } from '../../../src/inputs/retail-sales/retail-feeder.ts';
import type { CsvLine } from '../../../src/inputs/retail-sales/line.ts';

function line(changes: CsvLine = {}): CsvLine {
  return { InvoiceNo: '500001', StockCode: '20725', Description: 'LUNCH BAG', Quantity: '6', InvoiceDate: '2011-01-04T10:00:00Z', UnitPrice: '1.65', CustomerID: '17850', Country: 'France', ...changes };
}
function cancellation(changes: CsvLine = {}): CsvLine {
  return line({ InvoiceNo: 'C500009', Quantity: '-2', InvoiceDate: '2011-01-05T10:00:00Z', ...changes });
}
/** What became of the last of these lines. */
function fed(lines: readonly CsvLine[], bounds = {}) {
  const feeder = new RetailFeeder(bounds);
  const all = lines.map((one) => feeder.feed(one));
  const last = all.at(-1);
  if (last === undefined) throw new Error('no lines');
  return last;
}
/** The invoice of the sale that the last of these lines answers; null where it stands alone. */
function answered(...lines: readonly CsvLine[]): string | null {
  return fed(lines).event.Answers?.Sale.InvoiceNo ?? null;
}

describe('lines of one product on one invoice', () => {
  test('are numbered where they differ', () => {
    expect(fed([line(), line({ Quantity: '1' })])).toMatchObject({ key: '20725-500001-2', event: { Line: 2, Occurrence: 2 } });
  });
  test('are one event where they are equal', () => {
    const feeder = new RetailFeeder();
    const first = feeder.feed(line());
    expect(feeder.feed(line())).toStrictEqual({ ...first, duplicate: true });
  });
  test('differ by the date alone, too', () => {
    expect(fed([line(), line({ InvoiceDate: '2011-01-04T10:01:00Z' })]).key).toBe('20725-500001-2');
  });
  test('differ by the case of the code: that is another product', () => {
    expect(fed([line({ StockCode: '85123A' }), line({ StockCode: '85123a' })]).key).toBe('85123a-500001');
  });
});

describe('a cancellation answers', () => {
  test('the latest earlier sale of the product to the customer', () => {
    expect(answered(line(), line({ InvoiceNo: '500002' }), cancellation())).toBe('500002');
  });
  test('an older one where the latest has too little left', () => {
    expect(answered(line(), line({ InvoiceNo: '500002', Quantity: '1' }), cancellation())).toBe('500001');
    expect(answered(line(), line({ InvoiceNo: '500002', Quantity: '3' }), cancellation(), cancellation({ InvoiceNo: 'C500010' }))).toBe('500001');
  });
  test('a sale of exactly the quantity, whatever the price of a product', () => {
    expect(answered(line(), cancellation({ Quantity: '-6', UnitPrice: '1.5' }))).toBe('500001');
  });
  test.each([
    ['no sale that comes later', [cancellation({ InvoiceDate: '2011-01-04T10:00:00Z' }), line()], 0],
    ['none of another customer', [line({ CustomerID: '17851' }), cancellation()], 1],
    ['none where the customer is unknown', [line({ CustomerID: '' }), cancellation({ CustomerID: '' })], 1],
    ['none of another product', [line({ StockCode: '20726' }), cancellation()], 1],
    ['none that is smaller', [line({ Quantity: '1' }), cancellation()], 1],
    ['none that was free', [line({ UnitPrice: '0.0' }), cancellation()], 1],
    ['none that is dated after it', [line({ InvoiceDate: '2011-02-01T00:00:00Z' }), cancellation()], 1],
    ['no postage of another price', [line({ StockCode: 'POST' }), cancellation({ StockCode: 'POST', UnitPrice: '18.0' })], 1],
    ['none when it is unsound itself', [line(), cancellation({ Quantity: '-2.5' })], 1],
  ])('%s', (_, lines, at) => {
    const feeder = new RetailFeeder();
    const events = lines.map((one) => feeder.feed(one).event);
    expect(events[at]?.Answers).toBeUndefined();
  });
  test('postage of the same price', () => {
    expect(answered(line({ StockCode: 'POST', UnitPrice: '18.00' }), cancellation({ StockCode: 'POST', UnitPrice: '18.0' }))).toBe('500001');
  });
});

describe('the event of a matched cancellation', () => {
  test('has the key of the sale, the sale and the cancellations before', () => {
    const { key, event } = fed([line(), cancellation(), cancellation({ InvoiceNo: 'C500010' })]);
    expect(key).toBe('20725-500001');
    expect(event).toMatchObject({ InvoiceNo: 'C500010', Line: 3, Answers: { Sale: { ...line(), Line: 1, Occurrence: 1 }, Earlier: [{ InvoiceNo: 'C500009', Line: 2 }] } });
  });
  test('is the same when the very line comes again', () => {
    const { event, duplicate } = fed([line(), cancellation(), line({ InvoiceNo: '500003' }), cancellation()]);
    expect(duplicate).toBe(true);
    expect(event).toMatchObject({ Line: 2, Answers: { Sale: { InvoiceNo: '500001' }, Earlier: [] } });
  });
});

describe('memory is bounded', () => {
  test('sales beyond the bound are forgotten', () => {
    const lines = [line(), line({ InvoiceNo: '500002', StockCode: '22041' }), cancellation()];
    expect(fed(lines, { sales: 2 }).event.Answers).toBeDefined();
    expect(fed(lines, { sales: 1 }).event.Answers).toBeUndefined();
  });
  test('invoices beyond the bound are forgotten', () => {
    const lines = [line(), line({ InvoiceNo: '500002' }), line()];
    expect(fed(lines, { invoices: 2 }).duplicate).toBe(true);
    expect(fed(lines, { invoices: 1 }).duplicate).toBe(false);
  });
});
