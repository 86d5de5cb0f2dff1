#!/usr/bin/env node
/**
 * The program `tidemark`. `--version` is answered here, before anything is loaded; the rest is `dispatch.ts`.
 */
import { readVersion } from '../text/package.js';

const words = process.argv.slice(2);
if (words.length === 1 && (words[0] === '--version' || words[0] === '-V')) {
  // Whoever closed the pipe does not want the version any more.
  process.stdout.on('error', () => {});
  process.stdout.write(`${readVersion()}\n`);
} else {
  const { dispatch } = await import('./dispatch.js');
  await dispatch(words);
}
