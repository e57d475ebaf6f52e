/**
 * The part of the version profiles that kube-proxy has: what each of its settings is when the scenario does not say, by version
 * and proxy mode, each with its origin.
 *
 *   version, mode --kubeProxyDefaults--> one Constant per field of KubeProxySettings
 *
 * Left out: whether a version has the mode at all (features.ts).
 */

import type { KubeProxySettings } from '../kube-proxy-settings.js';
import type { ProxyModeName } from '../node/proxy-modes/proxy-mode.js';
import { ON_BY_DEFAULT_SINCE, PROXY_MODE_VERSIONS } from './features.js';
import { assumed, constant, type Constant, type Sourced, upstream } from './provenance.js';

const SECOND = 1_000_000_000;
const HOUR = 3600 * SECOND;

/** What kube-proxy runs on Linux when nothing is said. */
export const DEFAULT_PROXY_MODE: ProxyModeName = 'iptables';

/** Whether what is there from a minor version on is there in this one. */
const onSince = (since: Constant, minor: number): Constant<boolean> => ({
  ...since,
  value: minor >= since.value,
  unit: '',
  date: `Kubernetes 1.${minor}`,
  range: null,
});

/** `minor` is that of the version: 33 for 1.33. */
export const kubeProxyDefaults = (minor: number, mode: ProxyModeName): Sourced<KubeProxySettings> => {
  const date = `Kubernetes 1.${minor}`;
  return {
    mode: upstream<ProxyModeName>(DEFAULT_PROXY_MODE, '', 'KubeProxyConfiguration mode: the default on Linux', date),
    discovery: upstream<KubeProxySettings['discovery']>(
      mode === 'userspace' ? 'Endpoints' : 'EndpointSlice',
      '',
      mode === 'userspace'
        ? 'pkg/proxy/userspace reads Endpoints and nothing else'
        : 'kube-proxy on Linux reads EndpointSlices by default since about 1.19',
      date,
    ),
    minSyncPeriodNs: minSyncPeriodNs(minor, mode),
    syncPeriodNs: upstream(30 * SECOND, 'ns', 'KubeProxyConfiguration syncPeriod, of every mode', date),
    ...syncs(minor),
    ...rules(minor, mode),
    ...endpointSelection(minor),
    minWatchTimeoutNs: assumed<number | null>(
      null,
      'ns',
      'client-go asks for 5 to 10 min; left out by default, as a watch that times out misses nothing but takes a second to come back, on one node in 300 at a time',
    ),
    watchListClient: upstream(
      minor >= 35,
      '',
      'Feature gate WatchListClient of client-go: on by default since 1.35 (API servers have WatchList since 1.34)',
      date,
    ),
    conntrack: conntrack(date),
  };
};

const minSyncPeriodNs = (minor: number, mode: ProxyModeName): Constant => {
  const date = `Kubernetes 1.${minor}`;
  switch (mode) {
    case 'iptables':
      return upstream(1 * SECOND, 'ns', 'KubeProxyConfiguration iptables.minSyncPeriod: 1 s since 1.20', date);
    case 'nftables':
      return upstream(1 * SECOND, 'ns', 'KubeProxyConfiguration nftables.minSyncPeriod: 1 s', date);
    case 'ipvs':
      return upstream(
        minor >= 33 ? 1 * SECOND : 0,
        'ns',
        'KubeProxyConfiguration ipvs.minSyncPeriod: no default, so 0, up to 1.32; the 1 s of all modes since 1.33',
        date,
      );
    case 'userspace':
      return assumed(0, 'ns', 'The userspace mode takes changed endpoints over as they come: they are no rules');
  }
};

/** What spaces syncs, and how much of the rules they write. */
const syncs = (minor: number) => {
  const date = `Kubernetes 1.${minor}`;
  return {
    syncRunner: constant<KubeProxySettings['syncRunner']>({
      value: minor >= 34 ? 'min-interval' : 'token-bucket',
      unit: '',
      evidence: 'source code',
      source:
        minor >= 34
          ? 'pkg/proxy/runner: waits minSyncPeriod after every sync, since 1.34'
          : 'pkg/util/async BoundedFrequencyRunner: token bucket with burst 2, up to 1.33',
      date,
      range: null,
    }),
    minimizeIPTablesRestore: upstream(
      minor >= 27,
      '',
      'KEP-3453, feature gate MinimizeIPTablesRestore: alpha and off in 1.26, on by default since 1.27',
      date,
    ),
    partialSyncEnsuresChains: upstream(
      minor <= 26,
      '',
      'kubernetes/kubernetes#114181: about 24 invocations of iptables that partial syncs do without since 1.27',
      date,
    ),
    nftablesProxyMode: onSince(PROXY_MODE_VERSIONS.nftablesOnByDefaultSince, minor),
    nftables: {
      partialSync: assumed(
        minor >= 32,
        '',
        'kubernetes/kubernetes#126013, proposed in July 2024: taken to be in the release after 1.31',
      ),
      listings: constant<KubeProxySettings['nftables']['listings']>({
        value: 'none',
        unit: '',
        evidence: 'derived',
        source:
          'The source code of about 1.32 lists chains and sets in every sync, partial or full; but the partial sync among 10,000 services of two endpoints of kubernetes/kubernetes#126013 took 141 ms in all, when on the reference machine the transaction alone takes 0.13 s, a list of chains 0.18 s more and one of sets over 4 s. So what is listed, it is listed at a small part of that price',
        date,
        range: null,
      }),
      keepEndpointChainsOnStart: constant({
        value: minor >= 33,
        unit: '',
        evidence: 'derived',
        source: 'kubernetes/kubernetes#130119 of 2025-02-12, "Optimize kube-proxy restart time": taken to be in 1.33',
        date,
        range: null,
      }),
      singleEndpointGoto: upstream(
        false,
        '',
        'pkg/proxy/nftables: services with one endpoint have a map of their own up to 1.36, a plain goto from 1.37 on',
        date,
      ),
      nodeKernel: assumed<KubeProxySettings['nftables']['nodeKernel']>(
        '6.12',
        '',
        'What the costs were measured on, and what Debian 13 has had since 2025. Nodes may well be older: Linux 6.1 and 6.8, of Debian 12 and Ubuntu 24.04 as released, are what published full syncs of minutes were taken on',
      ),
    },
  };
};

/** Which rules there are, and of whom. */
const rules = (minor: number, mode: ProxyModeName) => {
  const date = `Kubernetes 1.${minor}`;
  return {
    iptablesBackend: assumed<KubeProxySettings['iptablesBackend']>(
      'legacy',
      '',
      "The node's distribution decides; most published measurements are of legacy tables",
    ),
    iptablesRuleLayout: constant<KubeProxySettings['iptablesRuleLayout']>({
      value: minor >= 26 ? 'v1.33' : 'v1.24',
      unit: '',
      evidence: 'derived',
      source:
        'number_generated_rules_test.go of 1.24 and 1.25 has the older counts, proxier_test.go of 1.33 the present ones: those in between are taken to be the present ones',
      date,
      range: null,
    }),
    ipvs: {
      scheduler: upstream<KubeProxySettings['ipvs']['scheduler']>(
        'rr',
        '',
        'KubeProxyConfiguration ipvs.scheduler: round robin when empty',
        date,
      ),
    },
    masqueradeAll: upstream(false, '', 'KubeProxyConfiguration masqueradeAll', date),
    detectLocalMode: upstream<KubeProxySettings['detectLocalMode']>(
      'ClusterCIDR',
      '',
      'KubeProxyConfiguration detectLocalMode; a clusterCIDR is taken to be given',
      date,
    ),
    localhostNodePorts: upstream(
      mode === 'iptables',
      '',
      'KubeProxyConfiguration iptables.localhostNodePorts: true; no other mode has it',
      date,
    ),
    nodePortAddresses: upstream<KubeProxySettings['nodePortAddresses']>(
      mode === 'nftables' ? 'primary' : 'all',
      '',
      'KubeProxyConfiguration nodePortAddresses: all local addresses, but the primary one in nftables mode',
      date,
    ),
  };
};

/** Which endpoints a node takes for usable. */
const endpointSelection = (minor: number) => ({
  terminatingEndpoints: upstream(
    minor >= 26,
    '',
    'KEP-1669, feature gate ProxyTerminatingEndpoints: alpha and off since 1.22, on by default since 1.26, GA in 1.28',
    `Kubernetes 1.${minor}`,
  ),
  topologyHints: onSince(ON_BY_DEFAULT_SINCE.topologyMode, minor),
  preferSameTrafficDistribution: onSince(ON_BY_DEFAULT_SINCE.trafficDistribution.PreferSameNode, minor),
});

const conntrack = (date: string): Sourced<KubeProxySettings['conntrack']> => ({
  maxPerCore: upstream(32_768, '1', 'KubeProxyConfiguration conntrack.maxPerCore', date),
  min: upstream(131_072, '1', 'KubeProxyConfiguration conntrack.min', date),
  tcpBeLiberal: upstream(false, '', 'KubeProxyConfiguration conntrack.tcpBeLiberal', date),
  tcpEstablishedTimeoutNs: upstream(24 * HOUR, 'ns', 'KubeProxyConfiguration conntrack.tcpEstablishedTimeout', date),
  tcpCloseWaitTimeoutNs: upstream(1 * HOUR, 'ns', 'KubeProxyConfiguration conntrack.tcpCloseWaitTimeout', date),
  udpTimeoutNs: upstream(0, 'ns', "KubeProxyConfiguration conntrack.udpTimeout: the kernel's own", date),
  udpStreamTimeoutNs: upstream(0, 'ns', "KubeProxyConfiguration conntrack.udpStreamTimeout: the kernel's own", date),
});
