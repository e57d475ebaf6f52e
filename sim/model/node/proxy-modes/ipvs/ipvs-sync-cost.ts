/**
 * How long one sync of kube-proxy's IPVS mode takes.
 *
 *   what stands in the kernel, what changes, what is missing --> ipvsSyncNs --> whole ns on the reference machine
 *
 *   every sync:  iptables commands + one small iptables-restore
 *                + a listing of each IP set and of all addresses and virtual servers
 *                + for every virtual server: building it, three netlink queries, one of which dumps its real servers
 *   a change:    one netlink write per real server that comes or goes, on each virtual server of the service
 *   after boot:  every virtual server, real server, address and IP set entry is written
 *
 * There is no partial sync: all services are gone through whatever changed. A kube-proxy that was restarted finds what the
 * one before it left, since every sync reads the kernel, so its first sync is like any other.
 *
 * Left out: the netlink write and query of a deletion that has to wait for connections (graceful-deletion.ts), and IP set
 * entries that come and go.
 */

import { IPVS_COSTS } from '../../../versions/ipvs-costs.js';
import { IPVS_RULES } from '../../../versions/ipvs-rules.js';
import type { IptablesBackend } from '../iptables/iptables-backend.js';

const NS_PER_SECOND = 1e9;
const NS_PER_INSTRUCTION = IPVS_COSTS.instruction.value * NS_PER_SECOND;

const queriesPerVirtualServer = IPVS_RULES.queriesPerVirtualServer.value;
const queryInstructions = IPVS_COSTS.netlinkQuery.value;
const writeInstructions = IPVS_COSTS.netlinkWrite.value;
const listedServerInstructions = IPVS_COSTS.listedServer.value;
const listedAddressInstructions = IPVS_COSTS.listedAddress.value;
const listedEntryInstructions = IPVS_COSTS.listedIpsetEntry.value;
const entryInstructions = IPVS_COSTS.ipsetEntry.value;
const generateNs = IPVS_COSTS.generatePerVirtualServer.value * NS_PER_SECOND;

const addressNs = IPVS_COSTS.address.fixed.value * NS_PER_SECOND;
const cachedStepNs = IPVS_COSTS.address.perAddressThere.value * NS_PER_SECOND;
const uncachedStepNs = IPVS_COSTS.address.perAddressThereUncached.value * NS_PER_SECOND;
const cachedAddresses = IPVS_COSTS.address.cachedAddresses.value;

/** Addresses of kube-ipvs0 are listed as such, and again among all addresses of the node. */
const ADDRESS_LISTINGS = 2;

/**
 * What a sync takes with no service at all. The nat table of IPVS mode has a few rules, whose number does not depend on the
 * services.
 */
export const fixedSyncNs = (backend: IptablesBackend): number =>
  IPVS_RULES.iptablesCommands.value * backend.ensureRuleNs(0, 0, 0) +
  backend.restoreAllNs(0, 0) +
  IPVS_RULES.ipsets.value * IPVS_COSTS.ipsetCommand.value * NS_PER_SECOND;

/** A listing of all virtual servers with their real servers, of the addresses on kube-ipvs0 and of all IP set entries. */
export const listEverythingNs = (
  virtualServers: number,
  realServers: number,
  addresses: number,
  ipsetEntries: number,
): number =>
  (virtualServers * queryInstructions +
    realServers * listedServerInstructions +
    addresses * listedAddressInstructions +
    ipsetEntries * listedEntryInstructions) *
  NS_PER_INSTRUCTION;

/** Going through everything without finding a change, beside the fixed part. */
export const checkNs = (virtualServers: number, realServers: number, addresses: number, ipsetEntries: number): number =>
  virtualServers * generateNs +
  (virtualServers * (queriesPerVirtualServer * queryInstructions + listedServerInstructions) +
    realServers * listedServerInstructions +
    addresses * ADDRESS_LISTINGS * listedAddressInstructions +
    ipsetEntries * listedEntryInstructions) *
    NS_PER_INSTRUCTION;

/** Netlink writes of virtual servers and real servers. */
export const writeServersNs = (servers: number): number => servers * writeInstructions * NS_PER_INSTRUCTION;

/** Restoring entries into IP sets. */
export const writeIpsetEntriesNs = (entries: number): number => entries * entryInstructions * NS_PER_INSTRUCTION;

/** Adding `addresses` to an empty kube-ipvs0: the kernel walks through those that are there for each of them. */
export function bindAddressesNs(addresses: number): number {
  const cached = Math.min(addresses, cachedAddresses);
  const cachedSteps = (cached * (cached - 1)) / 2;
  const allSteps = (addresses * (addresses - 1)) / 2;
  return addresses * addressNs + cachedSteps * cachedStepNs + (allSteps - cachedSteps) * uncachedStepNs;
}

/** Adding one service by command-line tools, which is no sync but what comparisons of the modes have measured. */
export const addServiceByCommandsNs = (): number => IPVS_COSTS.oneServiceByCommands.value * NS_PER_INSTRUCTION;
