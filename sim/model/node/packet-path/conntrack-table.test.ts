import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  conntrackBytes,
  conntrackMax,
  conntrackMaxOfKubeProxy,
  ConntrackTable,
  effectiveTimeouts,
  entryLoad,
  type FlowsOfNode,
} from './conntrack-table.js';

interface LimitCase {
  readonly name: string;
  readonly min: number;
  readonly maxPerCore: number;
  readonly cores: number;
  readonly before: number;
  readonly newest: number;
}
const { limits } = JSON.parse(readFileSync(new URL('conntrack-table.cases.json', import.meta.url), 'utf8')) as {
  readonly limits: readonly LimitCase[];
};

describe('nf_conntrack_max', () => {
  it.each(limits)('$name', ({ cores, before, newest, ...settings }) => {
    expect(conntrackMaxOfKubeProxy(settings, cores, 34)).toBe(before);
    expect(conntrackMaxOfKubeProxy(settings, cores, 35)).toBe(newest);
  });

  it('is what the kernel has where kube-proxy leaves it alone', () => {
    expect(conntrackMax({ maxPerCore: 0, min: 131_072 }, 64, 33)).toBe(262_144);
  });
});

const KUBE_PROXY = { tcpEstablished: 86_400, tcpCloseWait: 3600, udp: 0, udpStream: 0 };
const flows = (given: Partial<FlowsOfNode>): FlowsOfNode => ({
  protocol: 'TCP',
  newConnectionsPerSecond: 100,
  lifetime: { median: 10, p99: 10 },
  unclosedShare: 0,
  halfClosedShare: 0,
  ...given,
});

describe('the load of entries', () => {
  it.each([
    { name: 'TCP: life and TIME_WAIT', given: {}, assured: 100 * (10 + 120), evictable: 0 },
    {
      name: 'one in a hundred is never closed, and stays a day',
      given: { unclosedShare: 0.01 },
      assured: 100 * (10 + 0.01 * 86_400 + 0.99 * 120),
      evictable: 0,
    },
    {
      name: 'one in a hundred is closed by one side, and stays an hour',
      given: { halfClosedShare: 0.01 },
      assured: 100 * (10 + 0.01 * 3600 + 0.99 * 120),
      evictable: 0,
    },
    {
      name: 'UDP: a question and its answer give way',
      given: { protocol: 'UDP', lifetime: { median: 0.01, p99: 0.01 } },
      assured: 0,
      evictable: 100 * 30.01,
    },
    { name: 'UDP: a stream does not', given: { protocol: 'UDP' }, assured: 100 * 130, evictable: 0 },
  ] as const)('$name', ({ given, assured, evictable }) => {
    const load = entryLoad(flows(given), KUBE_PROXY);
    expect(load.assured).toBeCloseTo(assured, 6);
    expect(load.evictable).toBeCloseTo(evictable, 6);
  });

  it('depends on the mean of the lifetime', () => {
    // Lognormal: the mean is median x exp(sigma^2 / 2).
    const sigma = Math.log(10) / 2.3263478740408408;
    const mean = 10 * Math.exp((sigma * sigma) / 2);
    const { assured } = entryLoad(flows({ lifetime: { median: 10, p99: 100 } }), KUBE_PROXY);
    expect(assured / (100 * (mean + 120))).toBeCloseTo(1, 3);
  });

  it('takes the timeouts of kube-proxy where it sets them, and else those of the kernel', () => {
    const none = { tcpEstablished: 0, tcpCloseWait: 0, udp: 0, udpStream: 0 };
    expect(effectiveTimeouts(none)).toEqual({
      tcpEstablished: 432_000,
      tcpCloseWait: 60,
      tcpTimeWait: 120,
      udp: 30,
      udpStream: 120,
    });
    const all = { tcpEstablished: 1, tcpCloseWait: 2, udp: 3, udpStream: 4 };
    expect(effectiveTimeouts(all)).toEqual({ ...all, tcpTimeWait: 120 });
  });
});

describe('the table', () => {
  it('varies as a Poisson distribution does while there is room', () => {
    const table = new ConntrackTable({ assured: 10_000, evictable: 0 }, 131_072);
    expect(table.meanEntries).toBeCloseTo(10_000, 6);
    expect(table.quantile(0.5)).toBe(10_000);
    expect(Math.abs(table.quantile(0.99) - 10_233)).toBeLessThan(3);
    expect(table.droppedShare).toBe(0);
  });

  it('full of confirmed flows it drops what does not fit', () => {
    const table = new ConntrackTable({ assured: 200_000, evictable: 0 }, 100_000);
    expect(table.droppedShare).toBeCloseTo(0.5, 4);
    expect(table.quantile(0.99)).toBe(100_000);
  });

  it('full of flows that are not confirmed it drops nothing', () => {
    const table = new ConntrackTable({ assured: 0, evictable: 200_000 }, 100_000);
    expect(table.droppedShare).toBe(0);
    expect(table.quantile(0.99)).toBe(100_000);
  });

  it('drops in the end, also beside flows that give way', () => {
    const table = new ConntrackTable({ assured: 200_000, evictable: 50_000 }, 100_000);
    expect(table.droppedShare).toBeCloseTo(0.5, 4);
  });

  it('takes 278 bytes for an entry', () => {
    expect(conntrackBytes(262_144)).toBe(72_876_032);
  });
});
