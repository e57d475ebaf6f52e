/**
 * The endpoints of a service by what they are to one node, and what the node may use of them.
 *
 *   ready, serving while terminating; in the node's zone; on the node itself --hints--> service-routing/endpoint-counts.ts
 */

import { type ServiceShape, usesLocalEndpoints } from '../cluster/service-shape.js';
import type { EndpointCounts } from './proxy-modes/proxy-mode.js';
import { endpointCounts } from './service-routing/endpoint-counts.js';

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

/** What a node with this view may use. */
export function countEndpoints({ shape, hints }: RoutedService, view: EndpointView): EndpointCounts {
  const { ready, terminating, hinted, hintedHere, ownReady, ownTerminating, ownHintedHere } = view;
  // Hints are followed if all ready endpoints have one and some are for this node, or else for its zone.
  const followsNode = hints === 'node' && hinted === ready && ownReady > 0;
  const followsZone = !followsNode && hints !== 'none' && hinted === ready && hintedHere > 0;
  return endpointCounts(shape, {
    ready,
    readyLocal: ownReady,
    hinted: followsNode ? ownReady : followsZone ? hintedHere : ready,
    hintedLocal: followsZone ? ownHintedHere : ownReady,
    ending: terminating,
    endingLocal: ownTerminating,
  });
}
