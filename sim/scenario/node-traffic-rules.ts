/** Rules about the connections of nodes (consistency.ts applies them). */

import { addressesOf } from '../model/node/packet-path/dispatch-table.js';
import { checkDistribution, contradiction, when, type Rule } from './contradictions.js';

const PATH = ['nodeTraffic'];

export const NODE_TRAFFIC_RULES: readonly Rule[] = [
  {
    reads: ['nodeTraffic'],
    check: ({ nodeTraffic: traffic }) =>
      traffic === null
        ? []
        : [
            ...checkDistribution([...PATH, 'connectionLifetime'], traffic.connectionLifetimeNs),
            ...checkDistribution([...PATH, 'roundTripDelay'], traffic.roundTripDelayNs),
            ...when(traffic.unclosedShare + traffic.halfClosedShare > 1, () =>
              contradiction(
                [...PATH, 'halfClosedShare'],
                'a connection is either closed by nobody or by one side: the two shares are more than 100 %',
              ),
            ),
            ...when(traffic.protocol === 'UDP' && traffic.unclosedShare + traffic.halfClosedShare > 0, () =>
              contradiction(
                [...PATH, traffic.unclosedShare > 0 ? 'unclosedShare' : 'halfClosedShare'],
                'nobody closes UDP flows: their entries end by udpTimeout and udpStreamTimeout',
                'remove it, or use "protocol: TCP"',
              ),
            ),
          ],
  },
  {
    reads: ['nodeTraffic', 'services'],
    check: ({ nodeTraffic: traffic, services }) =>
      when(traffic !== null && !services.some(({ shape }) => addressesOf(shape, traffic.address) > 0), () =>
        contradiction(
          [...PATH, 'address'],
          `no service has an address of the kind ${traffic?.address}`,
          'give services a type or externalIPs, or use "address: ClusterIP"',
        ),
      ),
  },
];
