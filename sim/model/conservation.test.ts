import { describe, expect, it } from 'vitest';

import { parseExperiment } from '../scenario/load.js';
import { checkUtilizations } from './conservation.js';
import { World } from './world.js';

const scenario = parseExperiment(
  `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: conserved }
cluster: { nodes: 7 }
controlPlane: { apiServer: { replicas: 2 } }
services: [{ name: web, count: 3, endpoints: 6 }]
workload:
  - { at: 1s, rollingUpdate: { service: web } }
  - { at: 1s, churn: { podsPerSecond: 2, for: 20s } }
`,
  'conserved.yaml',
).variants[0]!.scenario;

/** A run of a small world that `sabotage` has been at before. */
const run = (sabotage: (world: World) => void) => (): void => {
  const world = new World(scenario, 0);
  sabotage(world);
  world.run();
};

/** Calls `tamper` in place of the n-th call of `target[method]`. */
function tamperWith<Target extends object>(
  target: Target,
  method: keyof Target,
  nth: number,
  tamper: (original: () => unknown) => unknown,
): void {
  const original = target[method] as (...values: unknown[]) => unknown;
  let calls = 0;
  target[method] = ((...values: unknown[]) => {
    const call = (): unknown => original.apply(target, values);
    return ++calls === nth ? tamper(call) : call();
  }) as Target[keyof Target];
}

describe('a world that is left alone', () => {
  it('keeps every law', () => {
    expect(run(() => {})).not.toThrow();
  });
});

describe('nodes that are lost when the run ends', () => {
  const lossy = parseExperiment(
    `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: lossy }
cluster: { nodes: 7 }
services: [{ name: web, count: 3, endpoints: 6 }]
workload:
  - { at: 1s, churn: { podsPerSecond: 2, for: 20s } }
  - { at: 5s, loseNodes: { nodes: 2 } }
`,
    'lossy.yaml',
  ).variants[0]!.scenario;
  const runLossy = (sabotage: (world: World) => void) => (): void => {
    const world = new World(lossy, 0);
    const end = world.kubeProxies.end.bind(world.kubeProxies);
    world.kubeProxies.end = (endNs) => {
      sabotage(world);
      end(endNs);
    };
    world.run();
  };
  const lostNode = ({ kubeProxies, watchConnections }: World): number =>
    kubeProxies.cursor.findIndex((_, node) => watchConnections.isLost(node));

  it('have applied what came before', () => {
    expect(
      runLossy((world) => {
        const { kubeProxies, log } = world;
        expect(kubeProxies.cursor[lostNode(world)]).toBeLessThan(log.length);
        expect(kubeProxies.cursor[lostNode(world)]).toBeGreaterThan(0);
      }),
    ).not.toThrow();
  });

  it('are found to have applied what they were not sent', () => {
    expect(runLossy((world) => (world.kubeProxies.cursor[lostNode(world)] = world.log.length))).toThrow(
      /conservation violated: node \d+ has applied (\d+) of \1 writes, and was sent \d+/,
    );
  });

  it('are found to have samples that they have not applied', () => {
    expect(runLossy((world) => world.kubeProxies.cursor[lostNode(world)]!--)).toThrow(
      /conservation violated: \d+ samples of \d+ writes on 7 nodes/,
    );
  });
});

describe('a world with endpoints that are no pods', () => {
  it('keeps every law, with nodes lost or not', () => {
    const handWritten = (fault: string): (() => void) => {
      const { scenario: world } = parseExperiment(
        `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: hand-written }
cluster: { nodes: 3 }
services: [{ name: outside, endpoints: 4, selector: false }, { name: web, endpoints: 4 }]
workload:
  - { at: 1s, editEndpoints: { service: outside, replace: 2 } }
  - ${fault}
`,
        'hand-written.yaml',
      ).variants[0]!;
      return () => new World(world, 0).run();
    };
    expect(handWritten('{ at: 2s, rollingUpdate: { service: web } }')).not.toThrow();
    expect(handWritten('{ at: 2s, loseNodes: { nodes: 1 } }')).not.toThrow();
  });
});

describe('a lost update', () => {
  it('is found when a committed write never enters the log', () => {
    expect(run(({ log }) => tamperWith(log, 'append', 9, () => log.length - 1))).toThrow(
      /conservation violated: \d+ committed writes and \d+ in the log/,
    );
  });

  it('is found when nodes are never told of the last writes', () => {
    expect(
      run((world) => {
        let entries = 0;
        const { kubeProxies } = world;
        const onAppend = kubeProxies.onAppend.bind(kubeProxies);
        kubeProxies.onAppend = (entry, updates) => {
          if (entries++ < 40) onAppend(entry, updates);
        };
      }),
    ).toThrow(/conservation violated: node \d+ has applied \d+ of \d+ writes/);
  });

  it('is found when a node skips one', () => {
    expect(
      run(({ kubeProxies }) =>
        tamperWith(kubeProxies, 'onAppend', 12, (original) => {
          kubeProxies.cursor[3]!++;
          return original();
        }),
      ),
    ).toThrow(/conservation violated: \d+ samples of \d+ writes on 7 nodes/);
  });

  it('is found when nodes are left with other endpoints than are published', () => {
    expect(
      run((world) => {
        const { kubeProxies, log } = world;
        const end = kubeProxies.end.bind(kubeProxies);
        kubeProxies.end = (endNs) => {
          log.endpointsAfter[log.lastEntryOf(1)]!--;
          end(endNs);
        };
      }),
    ).toThrow(/conservation violated: nodes hold 5 endpoints of service 1, of which 6 are published/);
  });
});

describe('rules that differ by node', () => {
  const worldOf = (service: string, mode: string, discovery: string, kubernetes = '1.35'): World => {
    const { scenario: world } = parseExperiment(
      `
apiVersion: kube-headroom/v1
kind: Scenario
metadata: { name: rules }
kubernetes: '${kubernetes}'
cluster: { nodes: 6, zones: 3 }
kubeProxy: { mode: ${mode}, discovery: ${discovery} }
services: [{ name: web, count: 3, endpoints: 9, ${service} }]
workload:
  - { at: 1s, rollingUpdate: { service: web } }
  - { at: 1s, churn: { podsPerSecond: 2, for: 20s } }
  - { at: 5s, loseNodes: { nodes: 1, for: 6m } }
`,
      'rules.yaml',
    ).variants[0]!;
    return new World(world, 0);
  };
  const kinds = [
    'type: ClusterIP',
    'type: NodePort, externalTrafficPolicy: Local',
    'internalTrafficPolicy: Local',
    'trafficDistribution: PreferClose',
    'trafficDistribution: PreferSameNode',
    'topologyMode: Auto',
  ];
  describe.each(['iptables', 'nftables', 'ipvs'])('in mode %s', (mode) => {
    it.each(kinds)('are what a node makes that sees only what is published, with %s', (kind) => {
      for (const discovery of ['EndpointSlice', 'Endpoints']) {
        expect(() => worldOf(kind, mode, discovery).run()).not.toThrow();
      }
    });
  });

  // There was no trafficDistribution yet.
  it.each(kinds.slice(0, 3))('are that in mode userspace, too, with %s', (kind) => {
    expect(() => worldOf(kind, 'userspace', 'Endpoints', '1.25').run()).not.toThrow();
  });

  it.each(kinds.slice(1))('are found wrong when writes say nothing of endpoints, with %s', (kind) => {
    expect(() => {
      const world = worldOf(kind, 'iptables', 'EndpointSlice');
      const { kubeProxies } = world;
      const onAppend = kubeProxies.onAppend.bind(kubeProxies);
      kubeProxies.onAppend = (entry, updates) => onAppend(entry, entry < 10 ? updates : []);
      world.run();
    }).toThrow(/conservation violated: node \d+ has \d+ nat \w+, and \d+ by what is published/);
  });

  it('are found wrong on a single node', () => {
    expect(() => {
      const world = worldOf('type: ClusterIP', 'nftables', 'EndpointSlice');
      const tablesOf = world.kubeProxies.tablesOf.bind(world.kubeProxies);
      world.kubeProxies.tablesOf = (node, tables) => {
        tablesOf(node, tables);
        if (node === 4) tables[0]!--;
      };
      world.run();
    }).toThrow(/conservation violated: node 4 has 2 service ports, and 3 by what is published/);
  });
});

describe('a double count', () => {
  it('is found when the samples of one sync are recorded twice', () => {
    expect(
      run(({ recorder }) =>
        tamperWith(recorder.proxies.wait, 'recordAll', 5, (original) => {
          original();
          return original();
        }),
      ),
    ).toThrow(/conservation violated: \d+ samples of wait and \d+ deliveries/);
  });

  it('is found when the number is right and a waiting time is wrong', () => {
    expect(
      run(({ recorder }) =>
        tamperWith(recorder.proxies.sync, 'recordMany', 5, () => recorder.proxies.sync.recordMany(100, 1)),
      ),
    ).toThrow(/conservation violated: (\d+ samples of sync|updates were under way)/);
    expect(
      run((world) => {
        const { proxies } = world.recorder;
        const recordMany = proxies.sync.recordMany.bind(proxies.sync);
        let calls = 0;
        proxies.sync.recordMany = (value, count) => recordMany(++calls === 5 ? value + 1 : value, count);
      }),
    ).toThrow(/conservation violated: updates were under way for .* \(Little's law\)/);
  });

  it('is found when bytes are sent that nobody got', () => {
    expect(
      run((world) => {
        const { recorder } = world;
        const honest = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(recorder), 'bytesInSeries')!;
        Object.defineProperty(recorder, 'bytesInSeries', { get: () => (honest.get!.call(recorder) as number) + 1000 });
      }),
    ).toThrow(/conservation violated: [\d.]+ bytes in the series and \d+ sent/);
  });
});

describe('utilisations', () => {
  it('are refused above 1 and below 0, and when they are no number', () => {
    expect(() => checkUtilizations({ apiserver_network_utilization: 1, kube_proxy_syncs_total: 7 })).not.toThrow();
    for (const wrong of [1.001, -0.1, Number.NaN]) {
      expect(() => checkUtilizations({ endpoint_controller_client_utilization: wrong })).toThrow(
        /conservation violated: endpoint_controller_client_utilization is/,
      );
    }
  });
});
