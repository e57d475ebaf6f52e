/**
 * The nodes of a cluster, as far as Service networking sees them: where they are, how far from the API servers, how fast.
 *
 *   cluster settings + random streams --> NodeTable --> placement of pods, watch fan-out, kubelets, kube-proxies
 *
 * Left out: capacity and allocatable resources, labels other than the zone, nodes that come and go.
 */

import { lognormalFromMeanCoefficientOfVariation } from '../../kernel/distributions.js';
import type { RandomStreams } from '../../kernel/random.js';

/** How the nodes are made; see ClusterSettings of the scenario for the meaning of each field. */
export interface NodeParameters {
  readonly nodes: number;
  readonly zones: number;
  readonly apiServerToNodeLatencyNs: { readonly min: number; readonly max: number };
  readonly nodeSpeedFactor: number;
  readonly nodeSpeedVariation: number;
}

/** One column per property, indexed by node. */
export interface NodeTable {
  readonly count: number;
  readonly zone: Uint16Array;
  /** One-way latency from the node's API server, whole nanoseconds. */
  readonly latencyNs: Float64Array;
  /** Time that rule programming takes here relative to the machine of the cost constants. */
  readonly slowness: Float64Array;
}

/**
 * Draws the nodes. Every draw is a hash of (purpose, node), so that two variants with different numbers of nodes agree on
 * the nodes that both have.
 */
export function createNodes(parameters: NodeParameters, streams: RandomStreams): NodeTable {
  const { nodes, zones, apiServerToNodeLatencyNs: latency, nodeSpeedFactor, nodeSpeedVariation } = parameters;
  const latencyHash = streams.hash('node-latency');
  const speedHash = streams.hash('node-speed');
  const zone = new Uint16Array(nodes);
  const latencyNs = new Float64Array(nodes);
  const slowness = new Float64Array(nodes);
  for (let node = 0; node < nodes; node++) {
    zone[node] = node % zones;
    latencyNs[node] = Math.round(latency.min + (latency.max - latency.min) * latencyHash.uniform(node, 0));
    slowness[node] =
      nodeSpeedFactor * lognormalFromMeanCoefficientOfVariation(speedHash.uniform(node, 0), 1, nodeSpeedVariation);
  }
  return { count: nodes, zone, latencyNs, slowness };
}
