/** Placeholders of a title, which speaks for all alerts of a message. */
export const TITLE_FIELDS = ['installation', 'state', 'rule', 'subject', 'count'] as const;
/** Placeholders of what is told of one alert; `label:NAME` is a label. What a resolved alert needs no more is empty. */
export const TEXT_FIELDS = ['state', 'severity', 'rule', 'subject', 'what', 'since', 'over', 'meaning', 'evidence', 'runbook', 'id', 'value'] as const;

const PLACEHOLDER = /\{([^{}]*)\}/g;
const LABEL = 'label:';

/** Placeholders that nothing stands for, as they are written. */
export function unknownIn(template: string, fields: readonly string[]): string[] {
  return [...template.matchAll(PLACEHOLDER)].map(([, name = '']) => name).filter((name) => !fields.includes(name) && !name.startsWith(LABEL));
}

/** The template with its placeholders filled; a line that comes to nothing is left out. */
export function filled(template: string, values: Readonly<Record<string, string>>, labels: Readonly<Record<string, string>> = {}): string {
  const valueOf = (name: string) => (name.startsWith(LABEL) ? labels[name.slice(LABEL.length)] : values[name]) ?? '';
  return template.split('\n').map((line) => ({ line, text: line.replace(PLACEHOLDER, (_, name: string) => valueOf(name)) })).filter(({ line, text }) => line === text || text.trim() !== '').map(({ text }) => text).join('\n');
}
