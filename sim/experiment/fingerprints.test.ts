/**
 * A hash of the trajectory of every shipped scenario, its writes and bytes, so that a change of behaviour shows and is meant. Clusters are cut down
 * to a few nodes: what happens before the fan-out is the same with any number of them.
 *
 * After a change that is meant: npx vitest run sim/experiment/fingerprints.test.ts -u
 */

import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { loadExperiment } from '../scenario/load.js';
import { runReplication } from './replication.js';

const scenarios = fileURLToPath(new URL('../../scenarios', import.meta.url));
const FEW_NODES = 'cluster.nodes=20';

/** A few seconds for each of some forty runs, on a machine that is busy otherwise. */
const TIMEOUT_MS = 300_000;

test('the shipped scenarios run as they did before', { timeout: TIMEOUT_MS }, async () => {
  const files = readdirSync(scenarios, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.yaml'))
    .toSorted((a, b) => (a < b ? -1 : 1));
  expect(files.length).toBeGreaterThan(5);
  const fingerprints = files.flatMap((file) => {
    const path = join(scenarios, file);
    const name = relative(scenarios, path).replaceAll('\\', '/');
    return loadExperiment(path, { overrides: [FEW_NODES] }).variants.map((variant) => {
      const { fingerprint, scalars } = runReplication(variant.scenario, 0);
      // Sizes are no part of the trajectory: two discovery APIs may do the same things at the same times.
      const { endpoint_writes_total: writes, watch_bytes_total: bytes } = scalars;
      return [`${name}, ${variant.name}`, { trajectory: fingerprint, writes, bytes }];
    });
  });
  await expect(`${JSON.stringify(Object.fromEntries(fingerprints), null, 2)}\n`).toMatchFileSnapshot(
    'fingerprints.json',
  );
});
