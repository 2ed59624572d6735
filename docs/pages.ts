import { capacityPage } from './capacity-page.ts';
import { configurationPage } from './configuration-page.ts';
import { outcomesPage } from './outcomes-page.ts';
import { runbookPage } from './runbook-page.ts';

/** The generated pages of this folder: file name → how its text is printed. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'capacity.md': capacityPage,
  'configuration.md': configurationPage,
  'outcomes.md': outcomesPage,
  'runbook.md': runbookPage,
};
