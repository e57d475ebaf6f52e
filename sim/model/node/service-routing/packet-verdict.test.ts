import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KUBE_PROXY_FEATURES_SINCE } from '../../versions/service-routing-rules.js';
import type { ProxyModeName } from '../proxy-modes/proxy-mode.js';
import { NodeRouting, type NodeRoutingConfig, type Protocol } from './packet-verdict.js';
import {
  configOf,
  POD,
  OUTSIDE,
  THIS_NODE,
  serviceOf,
  routing,
  resultOf,
  FULL,
  BOTH,
  CLUSTER_IP,
  LOAD_BALANCER,
  EXTERNAL,
  MODES,
  packetOf,
  type ServiceCase,
  type Probe,
} from './testing/routing-fixture.js';

type PacketCase = readonly [source: string, destination: string, port: number, protocol: Protocol, result: string];
interface Cases {
  readonly services: Readonly<Record<string, readonly ServiceCase[]>>;
  readonly cases: readonly {
    readonly test: string;
    readonly mode: ProxyModeName;
    readonly services: string;
    readonly settings: Partial<NodeRoutingConfig>;
    readonly packets: readonly PacketCase[];
  }[];
}
const { cases, services } = JSON.parse(
  readFileSync(new URL('packet-verdict.cases.json', import.meta.url), 'utf8'),
) as Cases;

describe("Kubernetes' packet flow tests", () => {
  const flat = cases.flatMap(({ packets, ...group }) =>
    packets.map((packet) => ({ ...group, packet, settingsText: JSON.stringify(group.settings) })),
  );

  it.each(flat)('$test, $mode $settingsText, $services: $packet', ({ mode, services: name, settings, packet }) => {
    expect(resultOf(routing(mode, services[name]!, settings), packet)).toBe(packet[4]);
  });
});

describe.each(MODES)('what all modes have in common: %s', (mode) => {
  it('sends traffic to any endpoint, from outside as the node', () => {
    const node = routing(mode, [FULL]);
    for (const source of [POD, OUTSIDE, THIS_NODE]) {
      expect(resultOf(node, [source, ...CLUSTER_IP])).toContain(BOTH);
      for (const address of EXTERNAL) expect(resultOf(node, [source, ...address])).toBe(`SNAT ${BOTH}`);
    }
  });

  it('refuses traffic of a service without usable endpoints, whatever its policies', () => {
    for (const policy of [{}, { internal: 'Local', external: 'Local' } as const]) {
      const node = routing(mode, [{ ...FULL, ...policy, endpoints: ['10.180.0.1:80 unready here'] }]);
      for (const source of [POD, OUTSIDE, THIS_NODE]) {
        for (const address of [CLUSTER_IP, ...EXTERNAL]) expect(resultOf(node, [source, ...address])).toBe('REJECT');
      }
    }
  });

  it('has nothing to say of other addresses, ports and protocols than those of services', () => {
    const node = routing(mode, [FULL]);
    const others: readonly Probe[] = [
      [POD, '10.0.0.3', 80],
      [OUTSIDE, THIS_NODE, 80],
      [OUTSIDE, THIS_NODE, 3001, 'UDP'],
      [OUTSIDE, '1.2.3.4', 443],
      [OUTSIDE, '198.51.100.1', 3001],
    ];
    for (const probe of others) expect(resultOf(node, probe)).toBe('UNHANDLED');
  });

  it('lets an endpoint that reaches itself see the address of the node', () => {
    const { endpoints, masqueraded } = routing(mode, [FULL]).verdict(packetOf('10.180.0.1', CLUSTER_IP));
    expect(endpoints).toHaveLength(2);
    expect(masqueraded.map(({ address }) => address)).toContain('10.180.0.1');
  });

  it('leaves addresses with ipMode Proxy to the load balancer where the gate is on', () => {
    const service = { ...serviceOf(FULL), loadBalancerIPs: [{ ip: '1.2.3.4', ipMode: 'Proxy' as const }] };
    for (const minor of [29, 30]) {
      const loadBalancerIPMode = minor >= KUBE_PROXY_FEATURES_SINCE.loadBalancerIPMode.value;
      const node = new NodeRouting(configOf(mode, { loadBalancerIPMode }), [service]);
      expect(resultOf(node, [OUTSIDE, ...LOAD_BALANCER])).toBe(minor === 29 ? `SNAT ${BOTH}` : 'UNHANDLED');
    }
  });
});

describe('TestLoadBalancerIngressRouteTypeProxy (Kubernetes pkg/proxy/iptables/proxier_test.go)', () => {
  it.each([
    { gate: false, ipMode: null, programmed: true },
    { gate: false, ipMode: 'VIP', programmed: true },
    { gate: false, ipMode: 'Proxy', programmed: true },
    { gate: true, ipMode: null, programmed: true },
    { gate: true, ipMode: 'VIP', programmed: true },
    { gate: true, ipMode: 'Proxy', programmed: false },
  ] as const)('gate $gate, ipMode $ipMode: $programmed', ({ gate, ipMode, programmed }) => {
    const service = { ...serviceOf(FULL), loadBalancerIPs: [{ ip: '1.2.3.4', ipMode }] };
    const node = new NodeRouting(configOf('iptables', { loadBalancerIPMode: gate }), [service]);
    expect(resultOf(node, [POD, ...LOAD_BALANCER]) !== 'UNHANDLED').toBe(programmed);
  });
});

describe('TestHealthCheckNodePort (same file)', () => {
  const local = { ...FULL, external: 'Local', healthCheckNodePort: 30000, endpoints: [] } as const;
  const probe = [OUTSIDE, THIS_NODE, 30000] as const;

  it('the port is let in while the service is there with policy Local, and for TCP only', () => {
    const node = routing('iptables', [local]);
    expect(resultOf(node, probe)).toBe('ACCEPT');
    expect(resultOf(node, [...probe, 'UDP'])).toBe('UNHANDLED');
    expect(resultOf(routing('iptables', []), probe)).toBe('UNHANDLED');
    const { external: _, ...cluster } = local;
    expect(resultOf(routing('iptables', [cluster]), probe)).toBe('UNHANDLED');
  });

  it('IPVS lets it in too, nftables has no such rule', () => {
    expect(resultOf(routing('ipvs', [local]), probe)).toBe('ACCEPT');
    expect(resultOf(routing('nftables', [local]), probe)).toBe('UNHANDLED');
  });
});
