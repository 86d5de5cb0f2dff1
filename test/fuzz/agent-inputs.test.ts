/** The short form of `npm run fuzz -- config store-answers agent-requests`: what the agent is told by others. */
import { expect, it } from 'vitest';
import { runConfigFiles } from './agent-files.js';
import { runAgentRequests } from './agent-requests.js';
import { runStoreAnswers } from './store-answers.js';

const context = () => ({ seconds: 3, seed: Date.now() % 2 ** 31 });

it('a file of settings is read or told what is wrong with it, whatever is in it', async () => {
  const { executions } = await runConfigFiles(context());
  expect(executions).toBeGreaterThan(30);
});

it('a push comes to an outcome, whatever the store answers', async () => {
  const { executions } = await runStoreAnswers(context());
  expect(executions).toBeGreaterThan(20);
});

// Two agents start and end, which a busy host does slowly.
it('an agent answers whoever may ask, whatever its port is told', { timeout: 90_000 }, async () => {
  const { executions } = await runAgentRequests(context());
  expect(executions).toBeGreaterThan(20);
});
