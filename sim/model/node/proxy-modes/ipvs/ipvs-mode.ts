/**
 * Proxy mode IPVS: the tables of ipvs-tables.ts at the cost of ipvs-sync-cost.ts.
 *
 *   service shape, usable endpoints --> virtual servers, real servers, addresses, ipset entries --> time of the sync
 *
 * All ports of a service share its addresses on kube-ipvs0; servers and entries each has for itself.
 */

import type { MetricName } from '../../../../metrics.js';
import { servicePorts, type ServiceShape } from '../../../cluster/service-shape.js';
import { IPVS_RULES } from '../../../versions/ipvs-rules.js';
import type { IptablesBackendName } from '../iptables/iptables-backend.js';
import { IPTABLES_LEGACY } from '../iptables/iptables-legacy.js';
import { IPTABLES_NFT } from '../iptables/iptables-nft.js';
import { type EndpointCounts, type ProxyMode, SyncKind, type SyncWork } from '../proxy-mode.js';
import { bindAddressesNs, checkNs, fixedSyncNs, writeIpsetEntriesNs, writeServersNs } from './ipvs-sync-cost.js';
import { boundAddresses, ipsetEntries, realServers, virtualServers } from './ipvs-tables.js';

const VIRTUAL_SERVERS = 0;
const REAL_SERVERS = 1;
const ADDRESSES = 2;
const IPSET_ENTRIES = 3;

export class IpvsMode implements ProxyMode {
  readonly name = 'ipvs';
  readonly deletesAtOnce = true;
  readonly quantities = ['virtual servers', 'real servers', 'addresses on kube-ipvs0', 'ipset entries'];
  readonly #nodeAddresses: number;
  readonly #fixedNs: number;

  /** `nodeAddresses`: addresses of the node at which node ports answer. `backend`: of its iptables commands. */
  constructor(nodeAddresses: number = IPVS_RULES.nodeAddresses.value, backend: IptablesBackendName = 'legacy') {
    this.#nodeAddresses = nodeAddresses;
    this.#fixedNs = fixedSyncNs(backend === 'nft' ? IPTABLES_NFT : IPTABLES_LEGACY);
  }

  count(shape: ServiceShape, endpoints: EndpointCounts, counts: Float64Array): void {
    const ports = servicePorts(shape);
    counts[VIRTUAL_SERVERS] = ports * virtualServers(shape, this.#nodeAddresses);
    counts[REAL_SERVERS] = ports * realServers(shape, endpoints, this.#nodeAddresses);
    counts[ADDRESSES] = ports === 0 ? 0 : boundAddresses(shape);
    counts[IPSET_ENTRIES] = ports * ipsetEntries(shape, endpoints, this.#nodeAddresses);
  }

  /** The virtual servers on which a change of its endpoints is written. */
  linesOfChangedService(shape: ServiceShape): number {
    return servicePorts(shape) * virtualServers(shape, this.#nodeAddresses);
  }

  /** What no service has any more is looked for in every sync. */
  cleansUp(): boolean {
    return true;
  }

  backgroundNs(): number {
    return 0;
  }

  isRefused(): boolean {
    return false;
  }

  gauges({ tables }: SyncWork): Partial<Record<MetricName, number>> {
    return {
      ipvs_virtual_servers_total: tables[VIRTUAL_SERVERS]!,
      ipvs_real_servers_total: tables[REAL_SERVERS]!,
    };
  }

  syncNs({ kind, tables, changedServices, changedLines, changedEndpoints }: SyncWork): number {
    const virtual = tables[VIRTUAL_SERVERS]!;
    const real = tables[REAL_SERVERS]!;
    const addresses = tables[ADDRESSES]!;
    const entries = tables[IPSET_ENTRIES]!;
    const standingNs = this.#fixedNs + checkNs(virtual, real, addresses, entries);
    if (kind === SyncKind.firstAfterBoot) {
      return Math.round(
        standingNs + writeServersNs(virtual + real) + bindAddressesNs(addresses) + writeIpsetEntriesNs(entries),
      );
    }
    // Each change of an endpoint of a service port is written on every virtual server of that port.
    const perEndpoint = changedServices > 0 ? changedLines / changedServices : 0;
    return Math.round(standingNs + writeServersNs(changedEndpoints * perEndpoint));
  }
}
