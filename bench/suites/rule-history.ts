import { CLUSTER_IP, type ServiceShape } from '../../sim/model/cluster/service-shape.js';
import { EndpointState, type EndpointUpdate, NO_ZONE } from '../../sim/model/node/endpoint-ledger.js';
import type { RoutedService } from '../../sim/model/node/endpoint-view.js';
import { IptablesMode } from '../../sim/model/node/proxy-modes/iptables/iptables-mode.js';
import { SyncKind, type SyncWork } from '../../sim/model/node/proxy-modes/proxy-mode.js';
import { RuleHistory } from '../../sim/model/node/rule-history.js';
import type { Suite, Task } from '../suite.js';

const ZONES = 3;
const NODES = 200;
const ENDPOINTS_PER_SERVICE = 100;
/** Writes of one endpoint each, which every node then applies in syncs of so many. */
const WRITES = 64;
const WRITES_PER_SYNC = 4;
const SYNC_PERIOD_NS = 30e9;

const LOCAL: ServiceShape = { ...CLUSTER_IP, type: 'NodePort', externalTrafficPolicy: 'Local' };
const KINDS = {
  'same everywhere': { shape: CLUSTER_IP, hints: 'none' },
  'policy Local': { shape: LOCAL, hints: 'none' },
  'zone hints': { shape: CLUSTER_IP, hints: 'zone' },
} as const satisfies Record<string, RoutedService>;
type Kind = keyof typeof KINDS;

const FEW = 10_000;
const MANY = 1_000_000;
const taskName = (kind: Kind, endpoints: number): string => `${kind}, ${endpoints.toLocaleString('en')} endpoints`;

/** Appends writes and lets all nodes apply them, again and again on one cluster: an operation is a (write, node). */
function historyTask(kind: Kind, endpoints: number): Task {
  return {
    name: taskName(kind, endpoints),
    operations: WRITES * NODES,
    gated: endpoints === FEW,
    prepare: () => {
      const services = endpoints / ENDPOINTS_PER_SERVICE;
      const zoneOfNode = Uint16Array.from({ length: NODES }, (_, node) => node % ZONES);
      const nodeOf = (endpoint: number): number => endpoint % NODES;
      const update = (endpoint: number, state: EndpointState): EndpointUpdate => ({
        endpoint,
        state,
        hintedZone: KINDS[kind].hints === 'none' ? NO_ZONE : zoneOfNode[nodeOf(endpoint)]!,
      });
      const history = new RuleHistory(
        { services, serviceOf: () => KINDS[kind], zones: ZONES, zoneOfNode, nodeOf },
        (service) => ({
          ready: ENDPOINTS_PER_SERVICE,
          updates: Array.from({ length: ENDPOINTS_PER_SERVICE }, (_, endpoint) =>
            update(service * ENDPOINTS_PER_SERVICE + endpoint, EndpointState.ready),
          ),
        }),
        new IptablesMode(SYNC_PERIOD_NS),
      );
      const work: SyncWork = {
        kind: SyncKind.partial,
        tables: new Float64Array(new IptablesMode(SYNC_PERIOD_NS).quantities.length),
        changedServices: 0,
        changedLines: 0,
        changedEndpoints: 0,
        goneEndpoints: 0,
        staleEndpoints: 0,
        cleansUp: false,
      };
      let length = 0;
      // Services change in turn, with steps between them that no cache foresees; each is back as it was after its second turn.
      const step = Math.floor(services * 0.618) | 1;
      // No service changes twice in the window of one sync.
      let nextOfService = new Int32Array(0);
      return () => {
        const first = length;
        for (let write = 0; write < WRITES; write++, length++) {
          const pair = length >>> 1;
          const service = (pair * step) % services;
          const isBack = length % 2 === 1;
          const endpoint = service * ENDPOINTS_PER_SERVICE + (pair % ENDPOINTS_PER_SERVICE);
          const state = isBack ? EndpointState.ready : EndpointState.unusable;
          history.append(service, ENDPOINTS_PER_SERVICE - (isBack ? 0 : 1), [update(endpoint, state)]);
        }
        if (nextOfService.length < length) nextOfService = new Int32Array(2 * length).fill(0x7fffffff);
        for (let from = first; from < length; from += WRITES_PER_SYNC) {
          for (let node = 0; node < NODES; node++) {
            history.advance(node, from, from + WRITES_PER_SYNC, nextOfService, work);
          }
        }
      };
    },
  };
}

const kinds = Object.keys(KINDS) as Kind[];

export const ruleHistorySuite: Suite = {
  name: 'rule-history',
  description: `Writes of one endpoint, applied by ${NODES} nodes in syncs of ${WRITES_PER_SYNC}, by how many endpoints there are`,
  tasks: kinds.flatMap((kind) => [historyTask(kind, FEW), historyTask(kind, MANY)]),
  // What a change costs depends on what changed: a hundred times the endpoints cost caches, and no more than that.
  requirements: kinds.map((kind) => ({
    description: `${kind}, 10,000 endpoints / 1,000,000 endpoints`,
    faster: taskName(kind, MANY),
    slower: taskName(kind, FEW),
    atLeast: 0.3,
  })),
};
