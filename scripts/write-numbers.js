/** Writes docs/numbers.md from the schema: `npm run build`, then `node scripts/write-numbers.js`. A test says when it is stale. */
import { writeFileSync } from 'node:fs';
import { numbersPage } from '../dist/views/numbers-page.js';

writeFileSync(new URL('../docs/numbers.md', import.meta.url), numbersPage());
