/** Runs in which services of type LoadBalancer are created: when their load balancers are there. */

import { describe, expect, test } from 'vitest';

import { World } from '../model/world.js';
import { parseExperiment } from '../scenario/load.js';
import { Histogram } from '../stats/histogram.js';
import { runReplication } from './replication.js';

const SECOND = 1e9;

const scenario = (overrides: readonly string[] = []) =>
  parseExperiment(
    `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: test }
cluster: { nodes: 10 }
services:
  - { name: web, count: 10, endpoints: 3, type: LoadBalancer, externalTrafficPolicy: Local }
loadBalancer: { provisioning: { median: 60s, p99: 60s } }
workload: [{ at: 1s, createService: { service: web } }]
`,
    'a.yaml',
    { overrides },
  ).variants[0]!.scenario;

const provisioning = (overrides?: readonly string[]): Histogram =>
  Histogram.fromSparse(runReplication(scenario(overrides), 0).distributions.load_balancer_provisioning_seconds!);

describe('ten services that are created at once', () => {
  test('have their load balancers one after the other with one worker', () => {
    const histogram = provisioning();
    expect(histogram.count).toBe(10);
    expect(histogram.max / 600).toBeCloseTo(1, 2);
    expect(histogram.mean / 330).toBeCloseTo(1, 2);
  });

  test('have them twice as fast with two', () => {
    const histogram = provisioning(['controlPlane.cloudControllerManager.concurrentServiceSyncs=2']);
    expect(histogram.max / 300).toBeCloseTo(1, 2);
  });

  test('have them later when calls fail', () => {
    const share = 'loadBalancer.provisioningFailureShare=50%';
    expect(provisioning([share]).max).toBeGreaterThan(provisioning().max + 60);
  });
});

test('a service that is there from the start is not provisioned', () => {
  const { distributions } = runReplication(scenario(['workload=[{at: 1s, rollingUpdate: {service: web}}]']), 0);
  expect(distributions.load_balancer_provisioning_seconds).toBeUndefined();
});

test('the load balancer of a service sends from its provisioning on', () => {
  const world = new World(scenario(['services.web.count=1']), 0);
  const told: number[] = [];
  const loadBalancer = world.loadBalancers!.create(0)!;
  loadBalancer.start({ nodes: 10, answerOf: () => 'healthy', readyOn: () => 1 }, () => {
    told.push(world.simulation.nowNs / SECOND);
  });
  expect(told).toEqual([]);
  world.run();
  expect(told).toHaveLength(10);
  for (const seconds of told) {
    expect(seconds).toBeGreaterThan(61);
    expect(seconds).toBeLessThan(62);
  }
});

test('a service without load balancer has none', () => {
  expect(
    new World(scenario(['services.web.type=ClusterIP', 'services.web.externalTrafficPolicy=Cluster']), 0).loadBalancers,
  ).toBeNull();
});

test('clients outside begin when the load balancer of their service sends, and lose nothing before', () => {
  const clients = 'clients=[{service: web, from: outside, requestsPerSecond: 100}]';
  const { scalars } = runReplication(scenario(['services.web.count=1', 'duration=5m', clients]), 0);
  // The service is seen and the call made within the second after 1 s; the call takes 60 s.
  expect(scalars.requests_total! / 100).toBeGreaterThan(300 - 62);
  expect(scalars.requests_total! / 100).toBeLessThan(300 - 61);
  expect(scalars.requests_lost_total).toBe(0);
});
