import { describe, expect, it } from 'vitest';
import { CLUSTER_IP, type ServiceShape } from '../../../cluster/service-shape.js';
import { DEFAULT_IPTABLES_OPTIONS } from './iptables-options.js';
import { countServiceRules, createServiceRules } from './iptables-rules.js';
import { isTableTooLarge, kernelBytesOfService, kernelTableBytes, textBytesOfService } from './iptables-table-size.js';

const rulesOf = (endpoints: number, shape: Partial<ServiceShape> = {}) =>
  countServiceRules(
    { ...CLUSTER_IP, ...shape },
    { cluster: endpoints, local: 0, reachable: endpoints, isAnywhere: endpoints > 0 },
    DEFAULT_IPTABLES_OPTIONS,
    createServiceRules(),
  );

describe('a legacy table in the kernel (Linux 6.18, measured)', () => {
  it('takes 4,856 B, 1,248 for each service, 928 for each endpoint and 1,792 with comments', () => {
    expect(kernelTableBytes(0)).toBe(4856);
    for (const endpoints of [1, 5, 20]) {
      expect(kernelBytesOfService(rulesOf(endpoints), false)).toBe(1248 + 928 * endpoints);
      expect(kernelBytesOfService(rulesOf(endpoints), true)).toBe(1248 + 1792 * endpoints);
    }
    expect(kernelBytesOfService(rulesOf(0), true)).toBe(0);
  });

  it('is refused beyond 512 MiB: 25,000 services of 20 endpoints fit, 30,000 do not', () => {
    const tableOf = (services: number): number => kernelTableBytes(services * kernelBytesOfService(rulesOf(20), false));
    expect(isTableTooLarge(tableOf(25_000))).toBe(false);
    expect(isTableTooLarge(tableOf(30_000))).toBe(true);
    expect([512 * 2 ** 20, 512 * 2 ** 20 + 1].map(isTableTooLarge)).toEqual([false, true]);
  });

  it('grows with affinity, node ports, external addresses and source ranges', () => {
    const plain = kernelBytesOfService(rulesOf(3), false);
    const larger: Partial<ServiceShape>[] = [
      { sessionAffinity: 'ClientIP' },
      { type: 'NodePort' },
      { externalIPs: 1 },
      { type: 'LoadBalancer', loadBalancerIPs: 1, loadBalancerSourceRanges: 1 },
    ];
    for (const shape of larger) expect(kernelBytesOfService(rulesOf(3, shape), false)).toBeGreaterThan(plain);
  });
});

describe('the input of iptables-restore', () => {
  it('has 31.7 MB for 10,000 services of 10 endpoints without comments (measured), within 5 %', () => {
    expect(Math.abs((10_000 * textBytesOfService(rulesOf(10), false)) / 31.7e6 - 1)).toBeLessThan(0.05);
  });

  it('has about 40 % more with comments', () => {
    for (const endpoints of [10, 100]) {
      const ratio = textBytesOfService(rulesOf(endpoints), true) / textBytesOfService(rulesOf(endpoints), false);
      expect(ratio).toBeGreaterThan(1.3);
      expect(ratio).toBeLessThan(1.5);
    }
  });

  it('has nothing for a service without endpoints', () => {
    expect(textBytesOfService(rulesOf(0), true)).toBe(0);
  });
});
