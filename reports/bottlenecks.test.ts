import { expect, it } from 'vitest';

import { bottleneckSentence, settingsOfBottlenecks } from './bottlenecks.js';
import { distribution, histogram, variant } from './testing/results-fixture.js';
import { withClients } from './testing/traffic-fixture.js';

const FULL = 'sync_full_proxy_rules_duration_seconds';
const FIRST = 'kube_proxy_first_sync_seconds';

it('says that a mode has long syncs even where they hardly show in the latency', () => {
  const made = variant();
  const withFull = { ...made.metrics, [FULL]: distribution(FULL, histogram(1, 130), 3) };
  const onNft = { ...made, proxyMode: 'iptables on nft' };
  expect(bottleneckSentence(made)).not.toContain('Full syncs');
  expect(bottleneckSentence({ ...onNft, metrics: withFull })).toContain(
    'Full syncs take up to 2.17 min in the mode iptables on nft: until one has ended, its node learns of no change.',
  );
  const withStarts = { ...withFull, [FIRST]: distribution(FIRST, histogram(1, 130), 3) };
  expect(bottleneckSentence({ ...onNft, metrics: withStarts })).toContain(
    'until the first one after a start has ended, a node has the rules of before, and none after a reboot.',
  );
});

it('says that the capacity of some pods binds, whatever the others have left', () => {
  const loads = [1, 1, 2, 4];
  expect(bottleneckSentence(withClients(variant(), { loads, capacity: 3 }))).toContain(
    '25% of the pods get more requests than they have capacity for, the hottest at 2 times the mean of its service.',
  );
  expect(bottleneckSentence(withClients(variant(), { loads, capacity: 4 }))).not.toContain('capacity');
  const concurrency = 'services.application.concurrency';
  expect(settingsOfBottlenecks(withClients(variant(), { loads, capacity: 3 }))).toContain(concurrency);
  expect(settingsOfBottlenecks(withClients(variant(), { loads, capacity: 4 }))).not.toContain(concurrency);
});
