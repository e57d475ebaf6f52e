import { expect, it } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import type { Executor } from './executor.js';
import { inlineExecutor } from './inline-executor.js';
import { runReplication } from './replication.js';
import { formatResults } from './results-file.js';
import type { Results } from './results.js';
import { runExperiment } from './run-experiment.js';
import { threadExecutor } from './thread-executor.js';

const EXPERIMENT = parseExperiment(
  `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: small }
replications: { min: 3, max: 8, precision: 1% }
cluster: { nodes: 50 }
services:
  - { name: web, count: 2, endpoints: 20 }
workload:
  - { at: 10s, rollingUpdate: { service: web } }
variants:
  - { name: endpoints, set: { kubeProxy.discovery: Endpoints } }
`,
  'small.yaml',
);

async function untimedResults(executor: Executor): Promise<string> {
  const results = await runExperiment(EXPERIMENT, { executor });
  await executor.close();
  if (results === null) throw new Error('no results');
  const { timing: _timing, ...rest } = results;
  return formatResults(rest as Results);
}

it('the simulator gives the same bytes inline, on one thread and on two', async () => {
  const inline = await untimedResults(inlineExecutor(runReplication));
  expect(await untimedResults(threadExecutor(1))).toBe(inline);
  expect(await untimedResults(threadExecutor(2))).toBe(inline);
});
