/**
 * Which node announces an address in MetalLB's layer 2 mode (speaker/layer2_controller.go): of the nodes that may, the one whose
 * SHA-256 of "node#address" comes first. No speaker asks another one: each works it out for itself.
 *
 *   names of nodes, address --> order of preference, the same for the whole run; the first candidate in it leads
 *
 * So a node that does not lead can go without any effect, and one that comes takes an address over with probability 1/(N + 1).
 */

import { createHash } from 'node:crypto';

/** The nodes from the one that is preferred to all others on; a node is its index in `nodeNames`. */
export function preferenceOrder(nodeNames: readonly string[], address: string): Int32Array {
  const count = nodeNames.length;
  const digests = nodeNames.map((name) => createHash('sha256').update(`${name}#${address}`).digest());
  // The first 48 bits decide nearly always.
  const leading = Float64Array.from(digests, (digest) => digest.readUIntBE(0, 6));
  const order = Int32Array.from({ length: count }, (_, node) => node);
  return order.sort((a, b) => leading[a]! - leading[b]! || digests[a]!.compare(digests[b]!));
}
