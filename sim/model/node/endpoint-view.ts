/**
 * Which endpoints of a service a node may use, as numbers: from how many endpoints there are of each kind to how many stand
 * behind each of the service's policies.
 *
 *   ready, serving while terminating; in the node's zone; on the node itself --> EndpointCounts
 *
 * The rules are those of kube-proxy's CategorizeEndpoints (pkg/proxy/topology.go): hints are followed if all ready endpoints have
 * one and some are for this node or zone, and only where the policy is Cluster; when no endpoint is ready, those that still serve
 * while they terminate are used; policy Local decides so for the endpoints of the node by themselves.
 */

import { type ServiceShape, usesClusterEndpoints, usesLocalEndpoints } from '../cluster/service-shape.js';
import type { EndpointCounts } from './proxy-modes/proxy-mode.js';

/** What of a service decides which endpoints a node uses. */
export interface RoutedService {
  readonly shape: ServiceShape;
  /** Whose hints kube-proxy follows: none, those for zones, or those for nodes and then those for zones. */
  readonly hints: 'none' | 'zone' | 'node';
}

/** Endpoints of a service by what they are to one node. */
export interface EndpointView {
  ready: number;
  /** Serving while they terminate; 0 where kube-proxy does not fall back to them. */
  terminating: number;
  /** Ready ones with a hint for a zone, and those whose hint is for the node's zone. */
  hinted: number;
  hintedHere: number;
  /** On the node itself, and those of the ready ones whose hint is for the node's zone. */
  ownReady: number;
  ownTerminating: number;
  ownHintedHere: number;
}

/** Whether nodes of one zone may use other endpoints than those of another. */
export const dependsOnZone = ({ hints }: RoutedService): boolean => hints !== 'none';

/** Whether a node that has endpoints of the service itself may use others than its neighbour. */
export const dependsOnNode = ({ shape, hints }: RoutedService): boolean =>
  usesLocalEndpoints(shape) || hints === 'node';

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Writes to `counts` what a node with this view may use. */
export function countEndpoints(service: RoutedService, view: EndpointView, counts: Mutable<EndpointCounts>): void {
  const { shape, hints } = service;
  const { ready, terminating, hinted, hintedHere, ownReady, ownTerminating } = view;
  const followsNode = hints === 'node' && hinted === ready && ownReady > 0;
  const followsZone = !followsNode && hints !== 'none' && hinted === ready && hintedHere > 0;
  const hintedReady = followsNode ? ownReady : followsZone ? hintedHere : ready;
  counts.cluster = !usesClusterEndpoints(shape) ? 0 : hintedReady > 0 ? hintedReady : terminating;
  counts.local = !usesLocalEndpoints(shape) ? 0 : ownReady > 0 ? ownReady : ownTerminating;
  counts.isAnywhere = ready + terminating > 0;
  counts.reachable = counts.cluster + notAmongCluster(view, counts, followsZone);
}

/** Local endpoints that policy Cluster does not reach. */
function notAmongCluster(view: EndpointView, { cluster, local }: EndpointCounts, followsZone: boolean): number {
  if (cluster === 0 || local === 0) return local;
  // Policy Local has fallen back to terminating endpoints by itself.
  if (view.ownReady === 0) return view.ready > 0 ? local : 0;
  return followsZone ? view.ownReady - view.ownHintedHere : 0;
}
