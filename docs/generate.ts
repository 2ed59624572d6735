import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PAGES } from './pages.ts';

// `npm run docs`: prints the pages of this folder that come from the code.
for (const [name, page] of Object.entries(PAGES)) {
  writeFileSync(join(import.meta.dirname, name), page());
  process.stdout.write(`docs/${name}\n`);
}
