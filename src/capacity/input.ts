/** What a figure is, and so how it may be written. */
export type Kind = 'count' | 'whole' | 'factor' | 'share' | 'hours' | 'days' | 'period' | 'bytes';

/** One figure that a plan starts from: its flag, bounds and default stand here and nowhere else. */
export interface Input {
  readonly flag: string;
  readonly kind: Kind;
  readonly name: string;
  readonly unit: string;
  readonly about: string;
  /** Null: must be given, or is calculated when it is not. */
  readonly initial: number | null;
  readonly least: number;
  readonly most: number;
}

interface Notation {
  readonly example: string;
  /** What a suffix multiplies by; '' where none stands. */
  readonly suffixes: Readonly<Record<string, number>>;
}

const COUNT: Notation = { example: 'a number such as 250, 1.5k or 20M', suffixes: { '': 1, k: 1e3, M: 1e6, G: 1e9 } };
const NOTATIONS: Readonly<Record<Kind, Notation>> = {
  count: COUNT,
  whole: { example: 'a whole number such as 3', suffixes: { '': 1 } },
  bytes: COUNT,
  factor: { example: 'a number such as 3', suffixes: { '': 1 } },
  share: { example: 'a share such as 0.25 or 25%', suffixes: { '': 1, '%': 0.01 } },
  hours: { example: 'hours or days, such as 12h or 2d', suffixes: { '': 1, h: 1, d: 24, m: 1 / 60 } },
  days: { example: 'days, such as 90d', suffixes: { '': 1, d: 1 } },
  period: { example: 'day, month or year', suffixes: { day: 1, month: 30, year: 365 } },
};

export type Parsed = { readonly ok: true; readonly value: number } | { readonly ok: false; readonly problem: string };

/** Reads a figure as a person writes it; the problem is the rest of a sentence that begins with the flag. */
export function parseFigure({ kind, least, most, unit }: Input, text: string): Parsed {
  const { example, suffixes } = NOTATIONS[kind];
  const [, digits = '', suffix = ''] = /^([\d_]*\.?\d*(?:e\d+)?)(%|[a-zA-Z]*)$/.exec(text.trim()) ?? [];
  const factor = suffixes[suffix];
  const amount = kind === 'period' ? 1 : digits === '' ? Number.NaN : Number(digits.replaceAll('_', ''));
  if (factor === undefined || !Number.isFinite(amount) || (kind === 'period' && digits !== '')) return { ok: false, problem: `expected ${example}` };
  const value = amount * factor;
  if (kind === 'whole' && !Number.isInteger(value)) return { ok: false, problem: `expected ${example}` };
  if (value < least || value > most) return { ok: false, problem: `expected ${least.toLocaleString('en')} to ${most.toLocaleString('en')} ${unit}` };
  return { ok: true, value };
}
