import { describe, expect, test } from 'vitest';

import { Simulation } from '../../kernel/simulation.js';
import { type LoadBalancerProvisioner, ServiceController } from './service-controller.js';

const SECOND = 1e9;

/** When each service has its address, in seconds; all are created at 0 s. */
function provisionedAt(
  services: number,
  workers: number,
  provisioner: LoadBalancerProvisioner,
  statusWriteNs = 0,
): number[] {
  const simulation = new Simulation();
  const controller = new ServiceController(
    simulation,
    { services, workers, minRetryDelayNs: 5 * SECOND, maxRetryDelayNs: 300 * SECOND },
    provisioner,
    (service, written) => simulation.schedule(simulation.nowNs + statusWriteNs, written, service),
  );
  const atSeconds: number[] = [];
  controller.onProvisioned((service, createdNs) => {
    expect(createdNs).toBe(0);
    atSeconds[service] = simulation.nowNs / SECOND;
  });
  for (let service = 0; service < services; service++) controller.serviceCreated(service, 0);
  simulation.run();
  return atSeconds;
}

const takes = (seconds: number): LoadBalancerProvisioner => ({ callNs: () => seconds * SECOND, fails: () => false });

describe('services that are created at once', () => {
  test.each([
    { services: 1, workers: 1, seconds: 90, lastAt: 90 },
    { services: 10, workers: 1, seconds: 60, lastAt: 600 },
    { services: 10, workers: 5, seconds: 60, lastAt: 120 },
    { services: 10, workers: 4, seconds: 60, lastAt: 180 },
    { services: 100, workers: 10, seconds: 90, lastAt: 900 },
    { services: 3, workers: 10, seconds: 90, lastAt: 90 },
  ])('$services by $workers workers, $seconds s each: S D / w', ({ services, workers, seconds, lastAt }) => {
    const times = provisionedAt(services, workers, takes(seconds));
    expect(times).toHaveLength(services);
    expect(Math.max(...times)).toBe(lastAt);
  });

  test('come one after the other, in the order in which they were created', () => {
    expect(provisionedAt(4, 1, takes(60))).toEqual([60, 120, 180, 240]);
  });

  test('hold their worker until the status is written', () => {
    expect(provisionedAt(3, 1, takes(60), SECOND)).toEqual([61, 122, 183]);
  });

  test('of which one takes long delay those behind it', () => {
    const provisioner = { callNs: (service: number) => (service === 0 ? 300 : 60) * SECOND, fails: () => false };
    expect(provisionedAt(3, 1, provisioner)).toEqual([300, 360, 420]);
    expect(provisionedAt(3, 2, provisioner)).toEqual([300, 60, 120]);
  });
});

describe('a call that fails', () => {
  test('is tried again after 5 s, 10 s, ... up to 300 s', () => {
    const failures = 8;
    const [at] = provisionedAt(1, 1, {
      callNs: () => 10 * SECOND,
      fails: (_, attempt) => attempt < failures,
    });
    const backOff = 5 + 10 + 20 + 40 + 80 + 160 + 300 + 300;
    expect(at).toBe(10 * (failures + 1) + backOff);
  });

  test('frees its worker for others while it backs off', () => {
    const provisioner: LoadBalancerProvisioner = {
      callNs: () => 10 * SECOND,
      fails: (service, attempt) => service === 0 && attempt === 0,
    };
    // 0 fails at 10 s and is back at 15 s, when 1 is at work until 20 s and 2 waits.
    expect(provisionedAt(3, 1, provisioner)).toEqual([40, 20, 30]);
  });
});
