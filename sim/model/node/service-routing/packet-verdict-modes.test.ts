import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProxyModeName } from '../proxy-modes/proxy-mode.js';
import type { NodeRoutingConfig } from './packet-verdict.js';
import { socketText } from './slice-endpoints.js';
import {
  POD,
  OUTSIDE,
  THIS_NODE,
  routing,
  resultOf,
  FULL,
  HERE,
  BOTH,
  CLUSTER_IP,
  NODE_PORT,
  LOAD_BALANCER,
  EXTERNAL,
  ELSEWHERE,
  MODES,
  KERNEL_MODES,
  packetOf,
  type ServiceCase,
} from './testing/routing-fixture.js';

describe('in what the modes differ', () => {
  it.each(KERNEL_MODES)('%s: pods reach cluster IPs as themselves, others as the node', (mode) => {
    const from = (source: string, settings: Partial<NodeRoutingConfig> = {}) =>
      resultOf(routing(mode, [FULL], settings), [source, ...CLUSTER_IP]);
    expect([from(POD), from(OUTSIDE), from(THIS_NODE)]).toEqual([BOTH, `SNAT ${BOTH}`, `SNAT ${BOTH}`]);
    expect([from(OUTSIDE, { podCIDRs: null }), from(POD, { masqueradeAll: true })]).toEqual([BOTH, `SNAT ${BOTH}`]);
  });

  it('userspace: endpoints see the node always, and policies, source ranges and ending endpoints do not count', () => {
    const local = { ...FULL, internal: 'Local', external: 'Local', sourceRanges: ['192.0.2.0/24'] } as const;
    const node = routing('userspace', [local]);
    for (const address of [CLUSTER_IP, ...EXTERNAL]) expect(resultOf(node, [POD, ...address])).toBe(`SNAT ${BOTH}`);
    const ends = routing('userspace', [{ ...local, endpoints: ['10.180.0.1:80 ending here'] }]);
    expect(resultOf(ends, [POD, ...CLUSTER_IP])).toBe('REJECT');
  });

  it.each(KERNEL_MODES)('%s: policy Local keeps traffic on the node, without masquerading from outside', (mode) => {
    const node = routing(mode, [{ ...FULL, internal: 'Local', external: 'Local' }]);
    expect(resultOf(node, [POD, ...CLUSTER_IP])).toBe(HERE);
    for (const address of EXTERNAL) expect(resultOf(node, [OUTSIDE, ...address])).toBe(HERE);
  });

  it('without local endpoints: dropped, except that IPVS falls back to the whole cluster', () => {
    const service = { ...FULL, internal: 'Local', external: 'Local', endpoints: ELSEWHERE } as const;
    const results = (mode: ProxyModeName) =>
      [CLUSTER_IP, NODE_PORT].map((address) => resultOf(routing(mode, [service]), [OUTSIDE, ...address]));
    expect(results('iptables')).toEqual(['DROP', 'DROP']);
    expect(results('nftables')).toEqual(['DROP', 'DROP']);
    expect(results('ipvs')).toEqual(['SNAT 10.180.1.1:80', '10.180.1.1:80']);
  });

  it('and that an internal service has nothing to fall back to', () => {
    const { nodePort: _, externalIPs: __, loadBalancerIPs: ___, ...internal } = FULL;
    const service = { ...internal, internal: 'Local', endpoints: ELSEWHERE } as const;
    expect(resultOf(routing('ipvs', [service]), [POD, ...CLUSTER_IP])).toBe('REJECT');
    expect(resultOf(routing('iptables', [service]), [POD, ...CLUSTER_IP])).toBe('DROP');
  });

  it('pods and the node itself take all endpoints of external addresses with policy Local, but not with IPVS', () => {
    const service = { ...FULL, external: 'Local' } as const;
    const from = (mode: ProxyModeName, source: string) =>
      EXTERNAL.map((address) => resultOf(routing(mode, [service]), [source, ...address]));
    for (const mode of ['iptables', 'nftables'] as const) {
      expect(from(mode, POD)).toEqual([BOTH, BOTH, BOTH]);
      expect(from(mode, THIS_NODE)).toEqual(Array<string>(3).fill(`SNAT ${BOTH}`));
    }
    expect(from('ipvs', POD)).toEqual([HERE, HERE, HERE]);
  });

  it('nftables refuses unused ports of cluster IPs and drops what is for no service, the others let it pass', () => {
    const settings = { serviceCIDRs: ['172.30.0.0/16'] };
    const results = (mode: ProxyModeName) =>
      [
        [POD, '172.30.0.41', 443] as const,
        [POD, '172.30.0.41', 80, 'UDP'] as const,
        [POD, '172.30.0.50', 80] as const,
      ].map((probe) => resultOf(routing(mode, [FULL], settings), probe));
    expect(results('nftables')).toEqual(['REJECT', 'REJECT', 'DROP']);
    for (const mode of MODES.slice(0, 3)) expect(results(mode)).toEqual(['UNHANDLED', 'UNHANDLED', 'UNHANDLED']);
    expect(resultOf(routing('nftables', [FULL]), [POD, '172.30.0.50', 80])).toBe('UNHANDLED');
  });

  describe('node ports', () => {
    const reaches = (mode: ProxyModeName, address: string, settings: Partial<NodeRoutingConfig> = {}) =>
      resultOf(routing(mode, [FULL], settings), [OUTSIDE, address, 3001]) !== 'UNHANDLED';
    const second = '192.168.1.2';

    it('are on all addresses of a node, in nftables mode on the primary one', () => {
      expect(MODES.map((mode) => reaches(mode, THIS_NODE))).toEqual([true, true, true, true]);
      expect(MODES.map((mode) => reaches(mode, second))).toEqual([true, true, true, false]);
      expect(MODES.map((mode) => reaches(mode, second, { nodePortAddresses: 'primary' }))).not.toContain(true);
      const both = { nodePortAddresses: ['192.168.0.0/23'] };
      expect(MODES.map((mode) => reaches(mode, second, both))).toEqual([true, true, true, true]);
      expect(MODES.map((mode) => reaches(mode, '192.168.99.11', both))).not.toContain(true);
    });

    it('are on all addresses of a family that the ranges say nothing of', () => {
      expect(MODES.map((mode) => reaches(mode, second, { nodePortAddresses: ['2001:db8::/64'] }))).not.toContain(false);
    });

    it('belong to the family of the cluster IP', () => {
      expect(MODES.map((mode) => reaches(mode, '2001:db8::1'))).not.toContain(true);
    });

    it.each([
      { settings: {}, expected: [true, true, false, false] },
      { settings: { localhostNodePorts: false }, expected: [true, false, false, false] },
      { settings: { nodePortAddresses: ['192.168.0.0/24'] }, expected: [true, false, false, false] },
      { settings: { nodePortAddresses: ['127.0.0.0/8'] }, expected: [true, true, false, false] },
      { settings: { nodePortAddresses: ['0.0.0.0/0'] }, expected: [true, true, false, false] },
    ])('at 127.0.0.1 with $settings: $expected', ({ settings, expected }) => {
      expect(MODES.map((mode) => reaches(mode, '127.0.0.1', settings))).toEqual(expected);
    });

    it('that cannot be served are refused on every address of the node in iptables mode', () => {
      const excluded = { nodePortAddresses: ['192.168.0.0/24'] };
      const result = (mode: ProxyModeName, service: ServiceCase) =>
        resultOf(routing(mode, [service], excluded), [OUTSIDE, second, 3001]);
      const local = { ...FULL, external: 'Local', endpoints: ELSEWHERE } as const;
      expect(result('iptables', { ...FULL, endpoints: [] })).toBe('REJECT');
      expect(result('iptables', local)).toBe('DROP');
      expect(result('iptables', FULL)).toBe('UNHANDLED');
      expect(result('nftables', { ...FULL, endpoints: [] })).toBe('UNHANDLED');
    });
  });

  describe.each(KERNEL_MODES)('source ranges: %s', (mode) => {
    const service = { ...FULL, sourceRanges: ['203.0.113.0/25', '10.0.0.0/16'] };
    const result = (source: string, [address, port]: readonly [string, number], given: ServiceCase = service) =>
      resultOf(routing(mode, [given]), [source, address, port]);

    it("guard the load balancer's address and no other", () => {
      expect(result('203.0.113.130', LOAD_BALANCER)).toBe('DROP');
      expect(result(OUTSIDE, LOAD_BALANCER)).toBe(`SNAT ${BOTH}`);
      for (const address of [CLUSTER_IP, NODE_PORT, EXTERNAL[2]]) {
        expect(result('203.0.113.130', address)).toContain(BOTH);
      }
    });

    it('guard it from pods too, policy Local or not', () => {
      expect(result('10.1.0.2', LOAD_BALANCER, { ...service, external: 'Local' })).toBe('DROP');
      expect(result('10.1.0.2', LOAD_BALANCER)).toBe('DROP');
    });

    it("let the load balancer's own address pass where the node may", () => {
      expect(result('1.2.3.4', LOAD_BALANCER)).toBe('DROP');
      expect(result('1.2.3.4', LOAD_BALANCER, { ...service, sourceRanges: ['192.168.0.0/24'] })).toBe(`SNAT ${BOTH}`);
    });

    it('without endpoints', () => {
      const empty = { ...service, endpoints: [] };
      expect(result('203.0.113.130', LOAD_BALANCER, empty)).toBe(mode === 'iptables' ? 'REJECT' : 'DROP');
      expect(result(OUTSIDE, LOAD_BALANCER, empty)).toBe('REJECT');
    });
  });
});

describe('properties', () => {
  const endpoint = fc
    .tuple(fc.integer({ min: 1, max: 250 }), fc.constantFrom('ready', 'ending', 'gone', 'unready'), fc.boolean())
    .map(([host, state, here]) => `10.180.0.${host}:80 ${state}${here ? ' here' : ''}`);
  const service = fc.record({
    endpoints: fc.uniqueArray(endpoint, { maxLength: 5, selector: (text) => text.split(' ', 1)[0] }),
    policies: fc.subarray([{ internal: 'Local' } as const, { external: 'Local' } as const]),
    sourceRanges: fc.subarray(['203.0.113.0/24', '192.168.0.0/24', '10.0.0.0/8']),
  });
  const packet = fc.record({
    source: fc.constantFrom(POD, OUTSIDE, THIS_NODE, '10.180.0.7', '1.2.3.4'),
    to: fc.constantFrom(CLUSTER_IP, ...EXTERNAL),
  });
  const settings = fc.record({ masqueradeAll: fc.boolean(), podCIDRs: fc.constantFrom(null, ['10.0.0.0/8']) });
  const given = { service, packet, settings };
  const serviceFrom = ({
    endpoints,
    policies,
    sourceRanges,
  }: typeof service extends fc.Arbitrary<infer T> ? T : never) =>
    Object.assign({}, FULL, ...policies, { endpoints, sourceRanges }) as ServiceCase;

  it('forwards to usable endpoints only, each once, and to some if it forwards', () => {
    fc.assert(
      fc.property(fc.record({ ...given, mode: fc.constantFrom(...MODES) }), ({ mode, ...rest }) => {
        const node = routing(mode, [serviceFrom(rest.service)], rest.settings);
        const { outcome, endpoints, masqueraded } = node.verdict(packetOf(rest.packet.source, rest.packet.to));
        expect(endpoints.length > 0).toBe(outcome === 'FORWARD');
        expect(endpoints.every(({ isReady, isServing }) => isReady || isServing)).toBe(true);
        expect(new Set(endpoints.map(socketText)).size).toBe(endpoints.length);
        expect(masqueraded.every((one) => endpoints.includes(one))).toBe(true);
        expect(['ACCEPT', 'UNHANDLED']).not.toContain(outcome);
      }),
      { numRuns: 400 },
    );
  });

  it('nftables does with packets to services what iptables does, where there are endpoints', () => {
    fc.assert(
      fc.property(fc.record(given), (one) => {
        const routed = serviceFrom(one.service);
        fc.pre(one.service.sourceRanges.length === 0 || routed.endpoints.some((text) => !/gone|unready/.test(text)));
        const [a, b] = (['iptables', 'nftables'] as const).map((mode) =>
          resultOf(routing(mode, [routed], one.settings), [one.packet.source, one.packet.to[0], one.packet.to[1]]),
        );
        expect(a).toBe(b);
      }),
      { numRuns: 400 },
    );
  });
});
