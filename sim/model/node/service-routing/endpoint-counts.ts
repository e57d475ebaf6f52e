/**
 * How many endpoints of a service port a node may send packets to: categorize-endpoints.ts on counts.
 *
 *   ready, hinted, ending endpoints, of them on the node (endpoint-view.ts) --> EndpointCounts, which proxy modes make rules of
 */

import { usesClusterEndpoints, usesLocalEndpoints, type ServiceShape } from '../../cluster/service-shape.js';
import type { EndpointCounts } from '../proxy-modes/proxy-mode.js';

/** Endpoints of one service port as one node sees them. Those on the node are part of the others. */
export interface EndpointTally {
  readonly ready: number;
  readonly readyLocal: number;
  /** Ready endpoints that hints leave; all ready ones where no hints apply. */
  readonly hinted: number;
  readonly hintedLocal: number;
  /** Endpoints that end, still serve and are not ready; 0 where the kube-proxy does not fall back to them. */
  readonly ending: number;
  readonly endingLocal: number;
}

/** What the node may reach of the endpoints that were counted. */
export function endpointCounts(shape: ServiceShape, tally: EndpointTally): EndpointCounts {
  const isAnywhere = tally.ready + tally.ending > 0;
  const cluster = usesClusterEndpoints(shape) ? (tally.hinted > 0 ? tally.hinted : tally.ending) : 0;
  if (!usesLocalEndpoints(shape)) return { cluster, local: 0, reachable: cluster, isAnywhere };

  const local = tally.readyLocal > 0 ? tally.readyLocal : tally.endingLocal;
  if (!usesClusterEndpoints(shape)) return { cluster: 0, local, reachable: local, isAnywhere };

  // Each set is of ready endpoints or of ending ones, so that they overlap only where they are of the same kind.
  let inBoth = 0;
  if (tally.readyLocal > 0) inBoth = tally.hintedLocal;
  else if (tally.ready === 0) inBoth = tally.endingLocal;
  return { cluster, local, reachable: cluster + local - inBoth, isAnywhere };
}
