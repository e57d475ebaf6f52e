/**
 * Hints by a service's trafficDistribution: every ready endpoint is for clients in its own zone, or on its own node.
 *
 *   trafficDistribution, endpoints with zone and node --> hints.forZones, hints.forNodes
 *   slices to write, slices left as they are ----------> the latter too, where a hint of a ready endpoint is not as it should be
 *
 * From k8s.io/endpointslice/trafficdist (ReconcileHints). Hints never move an endpoint between slices. The annotation
 * topology-mode: Auto (topology-hints.ts) wins over the field.
 */

import type { TrafficDistribution } from '../cluster/services.js';

/** Which hints a value asks for; a value that the controller does not know asks for none. */
export interface HintKinds {
  readonly zone: boolean;
  readonly node: boolean;
}

const KINDS: Readonly<Record<TrafficDistribution, HintKinds>> = {
  PreferClose: { zone: true, node: false },
  PreferSameZone: { zone: true, node: false },
  PreferSameNode: { zone: true, node: true },
};
const NO_HINTS: HintKinds = { zone: false, node: false };

/** `value`: as the service has it, null when the field is not set. */
export function hintKinds(value: string | null): HintKinds {
  return value !== null && Object.hasOwn(KINDS, value) ? KINDS[value as TrafficDistribution] : NO_HINTS;
}

export interface LocatedEndpoint {
  /** null: its node has no zone. */
  readonly zone: string | null;
  readonly node: string | null;
  readonly isReady: boolean;
  forZones: readonly string[];
  forNodes: readonly string[];
}

/**
 * Sets the hints of the endpoints of `written`, and of the slices of `unchanged` in which a ready endpoint has wrong ones;
 * returns the latter. Endpoints that are not ready keep what they have, which is nothing in one that the controller made.
 */
export function reconcileHints<Slice extends readonly LocatedEndpoint[]>(
  trafficDistribution: string | null,
  written: readonly Slice[],
  unchanged: readonly Slice[],
): Slice[] {
  const kinds = hintKinds(trafficDistribution);
  if (!kinds.zone && !kinds.node) {
    const hadHints = unchanged.filter((slice) => slice.some(hasHints));
    for (const endpoint of [...written, ...hadHints].flat()) endpoint.forZones = endpoint.forNodes = [];
    return hadHints;
  }
  const forZones = ({ zone }: LocatedEndpoint): string[] => (kinds.zone && zone !== null ? [zone] : []);
  const forNodes = ({ node }: LocatedEndpoint): string[] => (kinds.node && node !== null ? [node] : []);
  const isWrong = (endpoint: LocatedEndpoint): boolean =>
    endpoint.isReady &&
    !(isEqual(endpoint.forZones, forZones(endpoint)) && isEqual(endpoint.forNodes, forNodes(endpoint)));
  const alsoWritten = unchanged.filter((slice) => slice.some(isWrong));
  for (const endpoint of [...written, ...alsoWritten].flat()) {
    if (!endpoint.isReady) continue;
    endpoint.forZones = forZones(endpoint);
    endpoint.forNodes = forNodes(endpoint);
  }
  return alsoWritten;
}

const hasHints = ({ forZones, forNodes }: LocatedEndpoint): boolean => forZones.length > 0 || forNodes.length > 0;

const isEqual = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, index) => name === b[index]);
