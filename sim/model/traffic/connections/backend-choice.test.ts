import { describe, expect, it } from 'vitest';
import { RandomStreams } from '../../../kernel/random.js';
import { IPVS_SCHEDULERS } from '../../node/proxy-modes/ipvs/schedulers/create-scheduler.js';
import type { IpvsSchedulerName } from '../../kube-proxy-settings.js';
import type { ProxyModeName } from '../../node/proxy-modes/proxy-mode.js';
import { Acceptance } from '../connection-routes.js';
import { describeBackendChoice, setOf, TIMEOUT_NS } from './backend-choice.conformance.js';
import { createBackendChoice } from './create-backend-choice.js';
import { leastConnectionBurst } from './long-lived-connections.js';

const hash = new RandomStreams(7, 0).hash('shuffle');

const choiceOf = (
  mode: ProxyModeName,
  ipvsScheduler: IpvsSchedulerName = 'rr',
  affinityTimeoutNs: number | null = null,
  isAccepting: (pod: number) => boolean = () => true,
  entity = 1,
) =>
  createBackendChoice({ mode, ipvsScheduler, protocol: 'TCP', affinityTimeoutNs }, hash, entity, (pod) =>
    isAccepting(pod) ? Acceptance.accepts : Acceptance.stopped,
  );

for (const mode of ['iptables', 'nftables', 'userspace'] as const) {
  describeBackendChoice(mode, (timeoutNs) => choiceOf(mode, 'rr', timeoutNs));
}
// dh gives all flows of a virtual server to one pod, lblc too while no pod has two flows more than another; lc and the like to the
// first, as long as nobody counts connections.
for (const scheduler of ['rr', 'wrr', 'mh'] as const) {
  describeBackendChoice(`ipvs, ${scheduler}`, (timeoutNs) => choiceOf('ipvs', scheduler, timeoutNs));
}

describe('IPVS', () => {
  it.each(IPVS_SCHEDULERS)('sends no flow to a pod that the rules no longer hold (%s)', (scheduler) => {
    const choice = choiceOf('ipvs', scheduler);
    for (let client = 0; client < 100; client++) {
      const pod = choice.pick(client, setOf(1, 2, 3), 0, 0.5);
      choice.opened(client, pod);
    }
    for (let client = 0; client < 100; client++) expect(choice.pick(client, setOf(1, 3), 1, 0.5)).not.toBe(2);
  });

  it('starts with the same pod on every node under rr', () => {
    const set = setOf(1, 2, 3, 4);
    const firstPicks = Array.from({ length: 10 }, (_, node) =>
      choiceOf('ipvs', 'rr', null, () => true, node).pick(0, set, 0, 0.1 * node),
    );
    expect(new Set(firstPicks).size).toBe(1);
  });

  it('gives a pod that joins all new connections under lc until it has as many as the others', () => {
    const choice = choiceOf('ipvs', 'lc');
    const open = (set: ReturnType<typeof setOf>): number => {
      const pod = choice.pick(0, set, 0, 0.5);
      choice.opened(0, pod);
      return pod;
    };
    const old = setOf(1, 2, 3, 4);
    for (let connection = 0; connection < 100; connection++) open(old);
    const grown = setOf(1, 2, 3, 4, 5);
    const burst = leastConnectionBurst(100, 4);
    for (let connection = 0; connection < burst; connection++) expect(open(grown)).toBe(5);
    const next = Array.from({ length: 5 }, () => open(grown));
    expect(next.sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5]);
  });

  it('keeps the template of a client while it has an open flow, time-out or not', () => {
    const choice = choiceOf('ipvs', 'rr', TIMEOUT_NS);
    const set = setOf(1, 2, 3);
    const bound = choice.pick(5, set, 0, 0.5);
    choice.opened(5, bound);
    choice.pick(6, set, 0, 0.5);
    expect(choice.pick(5, set, 2 * TIMEOUT_NS, 0.5)).toBe(bound);
    choice.closed(5, bound);
    expect(choice.pick(5, set, 4 * TIMEOUT_NS, 0.5)).not.toBe(bound);
  });

  it('refuses clients whose bucket under sh belongs to a server that waits for its connections', () => {
    const choice = choiceOf('ipvs', 'sh');
    const before = setOf(1, 2);
    const clients = Array.from({ length: 50 }, (_, client) => client * 7919);
    const first = clients.map((client) => {
      const pod = choice.pick(client, before, 0, 0.5);
      choice.opened(client, pod);
      return pod;
    });
    const after = setOf(1);
    const then = clients.map((client) => choice.pick(client, after, 1, 0.5));
    expect(first).toContain(2);
    expect(then).toContain(-1);
    expect(then).not.toContain(2);
  });
});

describe('userspace', () => {
  it('goes on to the next pod when one does not answer', () => {
    const choice = choiceOf('userspace', 'rr', null, (pod) => pod === 2);
    for (let client = 0; client < 20; client++) expect(choice.pick(client, setOf(1, 2, 3), 0, 0.5)).toBe(2);
  });

  it('names the last pod when none answers', () => {
    const choice = choiceOf('userspace', 'rr', null, () => false);
    expect([1, 2, 3]).toContain(choice.pick(0, setOf(1, 2, 3), 0, 0.5));
  });
});
