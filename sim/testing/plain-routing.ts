/** Services for tests and benchmarks that look the same from every node. */

import { CLUSTER_IP } from '../model/cluster/service-shape.js';
import type { InitialEndpoints, Routing } from '../model/node/rule-history.js';

/** Plain ClusterIP services, of whose endpoints no more is said than how many there are. */
export const plainRouting = (services: number, nodes: number): Routing => ({
  services,
  serviceOf: () => ({ shape: CLUSTER_IP, hints: 'none' }),
  zones: 1,
  zoneOfNode: new Uint16Array(nodes),
  nodeOf: () => -1,
});

export const initially =
  (ready: number): (() => InitialEndpoints) =>
  () => ({ ready, updates: [] });
