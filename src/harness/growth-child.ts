/** Entry of the process that measures a module: see module-growth.ts. */
import { type GrowthOptions, measureGrowth } from './measure-growth.js';
import type { ModuleAnswer } from './module-growth.js';

process.once('message', async (options) => {
  const answer = await answerOf(process.argv[2]!, options as GrowthOptions);
  process.send!(answer, () => process.exit());
});

async function answerOf(href: string, options: GrowthOptions): Promise<ModuleAnswer> {
  try {
    const { default: fn } = (await import(href)) as { default?: unknown };
    if (typeof fn !== 'function') return { error: `its default export is no function but ${typeof fn}` };
    return { growth: await measureGrowth(fn as () => unknown, options) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
