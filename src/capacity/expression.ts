/** One step of the arithmetic: a figure with its name, and how it came about. */
export interface Line {
  readonly name: string;
  /** In words: `documents a day ÷ seconds a day`; for an input, where it comes from. */
  readonly formula: string;
  /** The same with figures: `20,000,000 ÷ 86,400`; for an input, nothing. */
  readonly arithmetic: string;
  readonly value: number;
  readonly unit: string;
}

/** A calculation that says how it is done: the figure shown is the figure computed. */
export interface Expression {
  readonly formula: string;
  readonly arithmetic: string;
  readonly value: number;
  /** What it needs brackets within. */
  readonly binding: 'sum' | 'product' | 'atom';
}

export type Operand = Line | Expression | number;

const FULL_FROM = 1_000;
const SIGNIFICANT = 4;

/** Gives a calculation a name and a unit. */
export function line(name: string, unit: string, { formula, arithmetic, value }: Expression): Line {
  return { name, unit, formula, arithmetic, value };
}

/** A figure that is not calculated; `from` says where it comes from. */
export function input(name: string, unit: string, value: number, from: string): Line {
  return { name, unit, value, formula: from, arithmetic: '' };
}

export function plus(...operands: readonly Operand[]): Expression {
  return joined(grouped(operands, [], ['sum']), ' + ', 'sum', (values) => values.reduce((sum, value) => sum + value, 0));
}

export function minus(from: Operand, away: Operand): Expression {
  return joined(grouped([from, away], [], ['sum']), ' − ', 'sum', ([first = Number.NaN, second = Number.NaN]) => first - second);
}

export function times(...operands: readonly Operand[]): Expression {
  return joined(grouped(operands, ['sum'], ['sum', 'product']), ' × ', 'product', (values) => values.reduce((product, value) => product * value, 1));
}

export function over(dividend: Operand, divisor: Operand): Expression {
  return joined(grouped([dividend, divisor], ['sum'], ['sum', 'product']), ' ÷ ', 'product', ([above = Number.NaN, below = Number.NaN]) => above / below);
}

export function roundUp(operand: Operand): Expression {
  return called('round up', [operand], ([value = Number.NaN]) => Math.ceil(value));
}

export function largest(...operands: readonly Operand[]): Expression {
  return called('largest of', operands, (values) => Math.max(...values));
}

export function smallest(...operands: readonly Operand[]): Expression {
  return called('smallest of', operands, (values) => Math.min(...values));
}

/** The figure of another line under a new name. */
export function same(operand: Operand): Expression {
  return expressionOf(operand);
}

/** `20,000,000`, `231.5`, `0.0123`: four significant digits below a thousand, whole above. */
export function readable(value: number): string {
  const digits = Math.abs(value) >= FULL_FROM ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: SIGNIFICANT };
  return value.toLocaleString('en', digits);
}

function expressionOf(operand: Operand): Expression {
  if (typeof operand === 'number') return { formula: readable(operand), arithmetic: readable(operand), value: operand, binding: 'atom' };
  if (!('name' in operand)) return operand;
  return { formula: operand.name, arithmetic: readable(operand.value), value: operand.value, binding: 'atom' };
}

/** Brackets where who reads from left to right would compute in another order, which rounds differently. */
function grouped([first, ...rest]: readonly Operand[], inFirst: readonly Expression['binding'][], inRest: readonly Expression['binding'][]): Expression[] {
  return [...(first === undefined ? [] : [bracketed(first, inFirst)]), ...rest.map((operand) => bracketed(operand, inRest))];
}

function bracketed(operand: Operand, within: readonly Expression['binding'][]): Expression {
  const expression = expressionOf(operand);
  if (!within.includes(expression.binding)) return expression;
  return { ...expression, formula: `(${expression.formula})`, arithmetic: `(${expression.arithmetic})`, binding: 'atom' };
}

function called(name: string, operands: readonly Operand[], compute: (values: readonly number[]) => number): Expression {
  const inner = joined(operands.map(expressionOf), ', ', 'atom', compute);
  return { ...inner, formula: `${name} (${inner.formula})`, arithmetic: `${name} (${inner.arithmetic})` };
}

function joined(expressions: readonly Expression[], sign: string, binding: Expression['binding'], compute: (values: readonly number[]) => number): Expression {
  return {
    formula: expressions.map(({ formula }) => formula).join(sign),
    arithmetic: expressions.map(({ arithmetic }) => arithmetic).join(sign),
    value: compute(expressions.map(({ value }) => value)),
    binding,
  };
}
