import { Simulation } from '../../sim/kernel/simulation.js';
import { CLUSTER_IP, type ServiceShape } from '../../sim/model/cluster/service-shape.js';
import { EndpointState, NO_ZONE } from '../../sim/model/node/endpoint-ledger.js';
import { MODE_ROUTING } from '../../sim/model/node/service-routing/service-route.js';
import { Acceptance } from '../../sim/model/traffic/connection-routes.js';
import { EndpointRecords } from '../../sim/model/traffic/endpoint-records.js';
import { EntryWeights } from '../../sim/model/traffic/entry-weights.js';
import { NodeEndpoints } from '../../sim/model/traffic/node-endpoints.js';
import { routeTable } from '../../sim/model/traffic/route-table.js';
import { ServiceTraffic } from '../../sim/model/traffic/service-traffic.js';
import { ServiceVersions } from '../../sim/model/traffic/service-versions.js';
import { ShareFlow } from '../../sim/model/traffic/share-flow.js';
import { LossCause } from '../../sim/model/traffic/loss-cause.js';
import { TrafficTally } from '../../sim/model/traffic/traffic-tally.js';
import { Traffic } from '../../sim/model/traffic/traffic.js';
import type { Suite, Task } from '../suite.js';

const NODES = 500;
const ZONES = 3;
const ENDPOINTS = 100;
const WRITES = 16;
const SYNC_NS = 50_000_000;
const LOCAL: ServiceShape = { ...CLUSTER_IP, internalTrafficPolicy: 'Local' };

const update = (endpoint: number, state: EndpointState) => ({ endpoint, state, hintedZone: NO_ZONE });

/** A write of one endpoint that all nodes apply one by one, again and again: an operation is a node that moves to a later version. */
function moveTask(name: string, shape: ServiceShape): Task {
  return {
    name,
    operations: WRITES * NODES,
    // The same code was measured up to 44 % apart: what it costs hangs on the caches that others leave it.
    gated: false,
    prepare: () => {
      const simulation = new Simulation({ fingerprint: true });
      const zoneOfNode = Array.from({ length: NODES }, (_, node) => node % ZONES);
      const nodeOf = (endpoint: number): number => (endpoint * 7) % NODES;
      const shared = {
        records: new EndpointRecords(),
        own: new NodeEndpoints(),
        zoneOfNode,
        nodeOf,
        acceptanceOf: () => Acceptance.accepts,
        applied: new Int32Array(NODES),
      };
      const versions = new ServiceVersions(ZONES, false, NODES);
      const traffic = new ServiceTraffic({ ...shared, service: 0, versions });
      traffic.start(Array.from({ length: ENDPOINTS }, (_, endpoint) => update(endpoint, EndpointState.ready)));
      const weights = new EntryWeights(NODES);
      for (let node = 0; node < NODES; node++) weights.set(node, 1);
      const tally = new TrafficTally();
      const isDown = new Uint8Array(NODES);
      const flags = { masqueradeAll: false, detectsLocalTraffic: true };
      traffic.flows.push(
        new ShareFlow({
          service: 0,
          versions,
          own: shared.own,
          zoneOfNode,
          isDown,
          routeOf: routeTable(MODE_ROUTING.iptables, shape, 'clusterIP', 'pod', flags),
          dependsOnOwn: shape === LOCAL,
          followsNodeHints: false,
          weights,
          requestsPerSecond: 1000,
          isFromOutside: false,
          dropCause: LossCause.noLocalEndpoints,
          tally,
          startNs: 0,
        }),
      );
      let log = { service: new Int32Array(0), nextOfService: new Int32Array(0) };
      const all = new Traffic(simulation, {
        levels: [],
        startNs: 0,
        log: {
          get service() {
            return log.service;
          },
          get nextOfService() {
            return log.nextOfService;
          },
        },
        services: [traffic],
        tally,
        applied: shared.applied,
        isDown,
        nodeOf,
        serviceOf: () => 0,
        capacityOf: () => null,
        insideWeights: [],
      });
      let length = 0;
      return () => {
        if (log.service.length < length + WRITES) {
          const capacity = 2 * (length + WRITES);
          log = { service: new Int32Array(capacity), nextOfService: new Int32Array(capacity).fill(0x7fffffff) };
        }
        for (let write = 0; write < WRITES; write++) {
          const endpoint = (length >>> 1) % ENDPOINTS;
          const state = length % 2 === 0 ? EndpointState.unusable : EndpointState.ready;
          all.onAppend(length++, 0, [update(endpoint, state)]);
          const { nowNs } = simulation;
          for (let node = 0; node < NODES; node++) all.onSync(node, length, nowNs + SYNC_NS + node);
          simulation.run(nowNs + 2 * SYNC_NS);
        }
      };
    },
  };
}

export const trafficSuite: Suite = {
  name: 'traffic',
  description: `Requests as rates: ${NODES} nodes that take up each write of a service, one after the other`,
  tasks: [moveTask('policy Cluster', CLUSTER_IP), moveTask('policy Local', LOCAL)],
};
