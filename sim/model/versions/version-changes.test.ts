/**
 * What `kubernetes:` alone changes, version by version: the whole list, so that it can be checked against release notes. A default
 * that changes and is not listed here fails, as does one that is listed and does not change.
 */

import { describe, expect, test } from 'vitest';

import type { ProxyModeName } from '../node/proxy-modes/proxy-mode.js';
import { deprecationOf, ON_BY_DEFAULT_SINCE, PROXY_MODE_VERSIONS } from './features.js';
import { type KubernetesVersion, profileConstants, SUPPORTED_VERSIONS } from './profiles.js';

type Row = readonly [since: KubernetesVersion, setting: string, before: unknown, from: unknown];

/** With the default proxy mode. Durations in nanoseconds; null: no limit. */
const CHANGES: readonly Row[] = [
  ['1.22', 'controlPlane.apiServer.workEstimator', 'one-seat', 'object-count'],
  ['1.22', 'controlPlane.controllerManager.maxEndpointsPerObject', null, 1000],
  ['1.24', 'kubelet.immediateReadinessProbe', false, true],
  ['1.24', 'kubeProxy.topologyHints', false, true],
  ['1.26', 'controlPlane.apiServer.borrowingLimitPercent', 0, null],
  ['1.26', 'kubeProxy.iptablesRuleLayout', 'v1.24', 'v1.33'],
  ['1.26', 'kubeProxy.terminatingEndpoints', false, true],
  ['1.27', 'controlPlane.cloudControllerManager.stableLoadBalancerNodeSet', false, true],
  ['1.27', 'kubelet.kubeApiQps', 5, 50],
  ['1.27', 'kubelet.kubeApiBurst', 10, 100],
  ['1.27', 'kubeProxy.minimizeIPTablesRestore', false, true],
  ['1.27', 'kubeProxy.partialSyncEnsuresChains', true, false],
  ['1.31', 'controlPlane.controllerManager.staleEndpointsCache', 'conflict', 'back-off'],
  ['1.31', 'kubeProxy.nftablesProxyMode', false, true],
  ['1.32', 'controlPlane.controllerManager.nodeMonitorGracePeriod', 40e9, 50e9],
  ['1.32', 'kubeProxy.nftables.partialSync', false, true],
  ['1.33', 'kubeProxy.nftables.keepEndpointChainsOnStart', false, true],
  ['1.34', 'controlPlane.apiServer.workEstimator', 'object-count', 'object-size'],
  ['1.34', 'kubeProxy.syncRunner', 'token-bucket', 'min-interval'],
  ['1.34', 'kubeProxy.preferSameTrafficDistribution', false, true],
  ['1.35', 'controlPlane.controllerManager.maxUnavailableStatefulSet', false, true],
  ['1.35', 'kubeProxy.watchListClient', false, true],
];

/** What changes in a proxy mode besides. */
const CHANGES_OF_MODE: Readonly<Record<ProxyModeName, readonly Row[]>> = {
  userspace: [],
  iptables: [],
  ipvs: [['1.33', 'kubeProxy.minSyncPeriod', 0, 1e9]],
  nftables: [],
};

/** What a mode has, where the default mode has something else, whatever the version. */
const DIFFERENCES_OF_MODE: Readonly<Record<ProxyModeName, Readonly<Record<string, unknown>>>> = {
  userspace: {
    'kubeProxy.discovery': 'Endpoints',
    'kubeProxy.minSyncPeriod': 0,
    'kubeProxy.localhostNodePorts': false,
  },
  iptables: {},
  ipvs: { 'kubeProxy.localhostNodePorts': false },
  nftables: { 'kubeProxy.localhostNodePorts': false, 'kubeProxy.nodePortAddresses': 'primary' },
};

const MODES = Object.keys(DIFFERENCES_OF_MODE) as ProxyModeName[];

const valuesIn = (version: KubernetesVersion, mode?: ProxyModeName): Map<string, unknown> =>
  new Map(profileConstants(version, mode).map(({ path, constant }) => [path, constant.value]));

const changesOf = (mode: ProxyModeName): Row[] =>
  SUPPORTED_VERSIONS.slice(1).flatMap((version, index) => {
    const before = valuesIn(SUPPORTED_VERSIONS[index]!, mode);
    return [...valuesIn(version, mode)].flatMap(([setting, value]): Row[] =>
      Object.is(value, before.get(setting)) || Array.isArray(value)
        ? []
        : [[version, setting, before.get(setting), value]],
    );
  });

const sorted = (rows: readonly Row[]): string[] => rows.map((row) => JSON.stringify(row)).toSorted();

describe.each(MODES)('with the proxy mode %s', (mode) => {
  test('these defaults change between versions, and no others', () => {
    expect(sorted(changesOf(mode))).toEqual(sorted([...CHANGES, ...CHANGES_OF_MODE[mode]]));
  });

  test('these defaults differ from those of the default mode in the newest version', () => {
    const newest = SUPPORTED_VERSIONS.at(-1)!;
    const usual = valuesIn(newest);
    const differing = [...valuesIn(newest, mode)].filter(
      ([setting, value]) => JSON.stringify(value) !== JSON.stringify(usual.get(setting)),
    );
    expect(Object.fromEntries(differing)).toEqual(DIFFERENCES_OF_MODE[mode]);
  });
});

test('no version adds or takes away a setting', () => {
  const settings = [...valuesIn('1.20').keys()];
  for (const version of SUPPORTED_VERSIONS) expect([...valuesIn(version).keys()]).toEqual(settings);
});

/** From which minor version on a default cluster accepts it. */
test.each([
  ['a second IP family', ON_BY_DEFAULT_SINCE.dualStack, 21],
  ['internalTrafficPolicy', ON_BY_DEFAULT_SINCE.internalTrafficPolicy, 22],
  ['allocateLoadBalancerNodePorts', ON_BY_DEFAULT_SINCE.allocateLoadBalancerNodePorts, 22],
  ['a static band of node ports', ON_BY_DEFAULT_SINCE.serviceNodePortStaticSubrange, 28],
  ['topology-mode Auto', ON_BY_DEFAULT_SINCE.topologyMode, 24],
  ['the nftables mode', PROXY_MODE_VERSIONS.nftablesSince, 29],
  ['the nftables mode without a feature gate', PROXY_MODE_VERSIONS.nftablesOnByDefaultSince, 31],
  ['PreferClose', ON_BY_DEFAULT_SINCE.trafficDistribution.PreferClose, 31],
  ['PreferSameZone', ON_BY_DEFAULT_SINCE.trafficDistribution.PreferSameZone, 34],
  ['PreferSameNode', ON_BY_DEFAULT_SINCE.trafficDistribution.PreferSameNode, 34],
])('%s', (_, { value }, minor) => expect(value).toBe(minor));

test('the last version with the userspace mode is 1.25', () => {
  expect(PROXY_MODE_VERSIONS.userspaceUntil.value).toBe(25);
});

test('only ipvs is on its way out, since 1.35', () => {
  expect(deprecationOf('ipvs', 34)).toBeNull();
  expect(deprecationOf('ipvs', 35)).toMatch(/deprecated since 1\.35/);
  for (const mode of MODES) if (mode !== 'ipvs') expect(deprecationOf(mode, 36)).toBeNull();
});
