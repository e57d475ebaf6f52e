/**
 * How large the rules of a service are, as input of iptables-restore and in a legacy table of the kernel.
 *
 *   rules of a service by kind (iptables-rules.ts) --> bytes of text, bytes in the kernel
 *
 * The text is that of sample lines: the names of services and the digits of addresses make it longer or shorter. Comments at
 * the rules of endpoints are there in clusters of up to 1000 endpoints, all other comments always.
 *
 * Left out: the filter table; SCTP, whose match is larger in the kernel.
 */

import { XTABLES_BYTES } from '../../../versions/iptables-layout.js';
import { ownChainRules, type ServiceRules } from './iptables-rules.js';

const { emptyTable, entry, jump, chain, comment, protocol, statistic, destinationNat, recent, maxTable } =
  XTABLES_BYTES;

// One line of each kind, with a name and addresses of usual lengths.
const SERVICE = 'ns-1/svc-1234:http';
const ADDRESS = '10.100.100.1';
const ENDPOINT = '10.200.100.1';
const CHAIN = 'KUBE-SVC-ABCDEFGHIJKLMNOP';
const MATCH_SERVICE = `-m tcp -p tcp -d ${ADDRESS} --dport 80`;
const AFFINITY = `-m recent --name ${CHAIN}`;

/** Bytes of a line, with its end. */
const bytes = (line: string): number => line.length + 1;

const TEXT_BYTES = {
  chain: bytes(`:${CHAIN} - [0:0]`),
  dispatch: bytes(`-A KUBE-SERVICES -m comment --comment "${SERVICE} cluster IP" ${MATCH_SERVICE} -j ${CHAIN}`),
  nodePort: bytes(`-A KUBE-NODEPORTS -m comment --comment ${SERVICE} -m tcp -p tcp --dport 30000 -j ${CHAIN}`),
  masquerade: bytes(
    `-A ${CHAIN} -m comment --comment "${SERVICE} cluster IP" ${MATCH_SERVICE} ! -s 10.200.0.0/16 -j KUBE-MARK-MASQ`,
  ),
  external: bytes(
    `-A ${CHAIN} -m comment --comment "masquerade traffic for ${SERVICE} external destinations" -j KUBE-MARK-MASQ`,
  ),
  firewall: bytes(`-A ${CHAIN} -m comment --comment "${SERVICE} loadbalancer IP" -s 203.0.113.0/25 -j ${CHAIN}`),
  lastJump: bytes(`-A ${CHAIN} -j ${CHAIN}`),
  randomMatch: ' -m statistic --mode random --probability 0.3333333333'.length,
  affinityCheck: bytes(`-A ${CHAIN} ${AFFINITY} --rcheck --seconds 10800 --reap -j ${CHAIN}`),
  affinityUpdate: ` ${AFFINITY} --set`.length,
  hairpin: bytes(`-A ${CHAIN} -s ${ENDPOINT} -j KUBE-MARK-MASQ`),
  destinationNat: bytes(`-A ${CHAIN} -m tcp -p tcp -j DNAT --to-destination ${ENDPOINT}:8080`),
  jumpComment: ` -m comment --comment "${SERVICE} -> ${ENDPOINT}:8080"`.length,
  endpointComment: ` -m comment --comment ${SERVICE}`.length,
};

/** Bytes that the service adds to the nat part of a full sync's input. */
export function textBytesOfService(rules: ServiceRules, hasEndpointComments: boolean): number {
  const { endpointJumps, affinityChecks, endpointRules } = rules;
  const endpoints = endpointRules / 2;
  const comments = hasEndpointComments
    ? (endpointJumps + affinityChecks) * TEXT_BYTES.jumpComment + endpointRules * TEXT_BYTES.endpointComment
    : 0;
  return (
    rules.chains * TEXT_BYTES.chain +
    rules.dispatch * TEXT_BYTES.dispatch +
    rules.nodePorts * TEXT_BYTES.nodePort +
    rules.masquerade * TEXT_BYTES.masquerade +
    rules.external * TEXT_BYTES.external +
    rules.firewall * TEXT_BYTES.firewall +
    endpointJumps * TEXT_BYTES.lastJump +
    rules.randomJumps * TEXT_BYTES.randomMatch +
    affinityChecks * TEXT_BYTES.affinityCheck +
    endpoints * (TEXT_BYTES.hairpin + TEXT_BYTES.destinationNat) +
    (affinityChecks > 0 ? endpoints * TEXT_BYTES.affinityUpdate : 0) +
    comments
  );
}

/** Bytes that the service adds to a legacy nat table. */
export function kernelBytesOfService(rules: ServiceRules, hasEndpointComments: boolean): number {
  const { endpointJumps, affinityChecks, endpointRules } = rules;
  const endpoints = endpointRules / 2;
  const commented =
    ownChainRules(rules) - endpointJumps - affinityChecks - endpointRules + rules.dispatch + rules.nodePorts;
  const endpointComments = hasEndpointComments ? endpointJumps + affinityChecks + endpointRules : 0;
  return (
    rules.chains * chain.value +
    (commented + endpointJumps + affinityChecks + endpointRules) * entry.value +
    (commented + endpointJumps + affinityChecks + endpoints) * jump.value +
    (commented + endpointComments) * comment.value +
    (rules.dispatch + rules.nodePorts + rules.masquerade + endpoints) * protocol.value +
    rules.randomJumps * statistic.value +
    affinityChecks * recent.value +
    endpoints * (destinationNat.value + (affinityChecks > 0 ? recent.value : 0))
  );
}

/** Bytes of a legacy nat table with services that take `serviceBytes`. */
export const kernelTableBytes = (serviceBytes: number): number => emptyTable.value + serviceBytes;

/** Whether the kernel refuses a legacy table of this size when it is committed. */
export const isTableTooLarge = (tableBytes: number): boolean => tableBytes > maxTable.value;
