import { InvalidArgumentError, Option, type Command } from 'commander';
import { parseFigure, type Input } from '../../capacity/input.ts';
import { MEASURED } from '../../capacity/measured.ts';
import { GIVEN, WORKLOAD, type Figures } from '../../capacity/workload.ts';

/** The options of `sluice plan`, as commander gives them: the figures under the names of their flags. */
export interface PlanOptions {
  readonly measured: readonly string[];
  readonly inputs: boolean;
  readonly [flag: string]: unknown;
}

const WORDS: Readonly<Record<Input['kind'], string>> = { count: '<n>', whole: '<n>', factor: '<n>', share: '<share>', hours: '<hours>', days: '<days>', period: '<period>', bytes: '<bytes>' };

/** Adds a flag for every figure that a plan starts from. */
export function withFigures(command: Command): Command {
  for (const [heading, inputs] of [['Asked:', WORKLOAD], ['There already:', GIVEN], ['Measured:', MEASURED]] as const) {
    for (const definition of Object.values<Input>(inputs)) command.addOption(optionOf(definition).helpGroup(heading));
  }
  return command;
}

/** The figures of one table that were given. */
export function figuresOf<Inputs extends Readonly<Record<string, Input>>>(inputs: Inputs, options: PlanOptions): Figures<Inputs> {
  return Object.fromEntries(Object.entries(inputs).map(([key, definition]) => [key, options[optionOf(definition).attributeName()]])) as Figures<Inputs>;
}

function optionOf(definition: Input): Option {
  const { flag, kind, about, initial } = definition;
  const given = initial === null ? '' : ` (default: ${initial}${kind === 'hours' ? 'h' : kind === 'days' ? 'd' : ''})`;
  return new Option(`${flag} ${WORDS[kind]}`, about + (kind === 'period' ? ' (default: month)' : given)).argParser((text: string) => {
    const parsed = parseFigure(definition, text);
    if (!parsed.ok) throw new InvalidArgumentError(`${parsed.problem}.`);
    return parsed.value;
  });
}
