import { ITEM_RULES, REQUEST_RULES, type Outcome, type RequestOutcome } from '../src/domain/outcome.ts';
import { GENERATED, markdownTable } from './markdown.ts';

const ITEM_MEANING: Readonly<Record<Outcome, string>> = {
  applied: 'done',
  superseded: 'done: a newer version was there (or an equal one, under `external`); counted, not an error',
  rejected: "the document's own fault: asked once more for the reason, then a failure document",
  retry: "the cluster's fault: this operation alone is sent again, as often as it takes",
  hold: 'nothing can be written until somebody mends the cluster: the lane stops and probes; never a failure document',
};

const REQUEST_MEANING: Readonly<Record<RequestOutcome, string>> = {
  items: 'judged item by item, by the table above',
  bisect: 'sent again in two halves, until the poison stands alone: that one becomes a failure document',
  'bisect-size': 'the same, and no later request is as large; one document that is too large alone becomes a failure document',
  retry: 'the whole request is sent again, as often as it takes',
  hold: 'the lane stops and probes; never a failure document',
};

/** docs/outcomes.md: the outcome tables of src/domain/outcome.ts. */
export function outcomesPage(): string {
  return [
    GENERATED,
    '# What becomes of an operation',
    'Every answer of Elasticsearch to a `_bulk` request has an outcome. In both tables the first row that fits decides, and the last row takes everything.',
    'The rules are `ITEM_RULES` and `REQUEST_RULES` in `src/domain/outcome.ts`.',
    '## One item',
    tableOf(ITEM_RULES, ITEM_MEANING),
    '## The whole request',
    'This is asked first. Only an answer of status 200 is read item by item.',
    tableOf(REQUEST_RULES, REQUEST_MEANING),
    '**alarm**: no rule names the answer. It is retried, never dropped; `sluice_lane_unknown_answers_total` counts it and the log holds it.',
    '',
  ].join('\n\n').trimEnd().concat('\n');
}

function tableOf<Outcomes extends string>(rules: readonly { answer: string; outcome: Outcomes; unknown?: true }[], meaning: Readonly<Record<Outcomes, string>>): string {
  return markdownTable(['#', 'answer', 'outcome', 'what follows'], rules.map(({ answer, outcome, unknown }, at) =>
    [String(at + 1), answer, `**${outcome}**${unknown === true ? ' + alarm' : ''}`, meaning[outcome]]));
}
