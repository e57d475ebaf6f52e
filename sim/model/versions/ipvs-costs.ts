/**
 * What IPVS mode costs, each number with its origin.
 *
 * Instructions of the kernel were counted exactly, under full emulation without caches; the time of one was measured on the
 * machine of rule-loading-costs.ts for such paths, so that these times stand beside those of the other modes. What touches long lists
 * (the addresses of one interface) is bound by memory and was timed instead of counted.
 */

import { constant, type Constant } from './provenance.js';

const COUNTED = 'Instruction counts of a Debian 6.1 kernel under full emulation';

const counted = (value: number, what: string, range: readonly [number, number]): Constant =>
  constant({
    value,
    unit: 'instructions',
    evidence: 'derived',
    source: `${COUNTED}: ${what}`,
    date: 'Linux 6.1',
    range,
  });

const measured = (value: number, unit: string, source: string, range: readonly [number, number]): Constant =>
  constant({ value, unit, evidence: 'measurement', source, date: 'Linux 6.18', range });

const assumed = (value: number, unit: string, source: string, range: readonly [number, number]): Constant =>
  constant({ value, unit, evidence: 'assumption', source, date: '2026-07', range });

const LISTING =
  'listing virtual servers, real servers, addresses and ipsets of 1,000, 5,000 and 10,000 services with one endpoint took 202, 975 and 1,950 million';
const LOADING =
  'loading 1,000, 5,000 and 10,000 virtual servers with one real server each took 265, 1,307 and 2,639 million';

export const IPVS_COSTS = {
  /** Time of an instruction on these paths, with warm caches. */
  instruction: measured(
    0.145e-9,
    's',
    'Times against instruction counts of connects through conntrack',
    [0.1e-9, 0.4e-9],
  ),
  /** GetVirtualServer or GetRealServers: request, answer of one entry, parsing. */
  netlinkQuery: counted(150_000, `${LISTING}; the part of a query in that is an assumption`, [50_000, 200_000]),
  /** One more entry in the answer of a query, or in a dump of all virtual servers. */
  listedServer: counted(15_000, `${LISTING}; the part of a server in that is an assumption`, [5_000, 50_000]),
  listedAddress: counted(10_000, `${LISTING}; the part of an address in that is an assumption`, [3_000, 30_000]),
  listedIpsetEntry: counted(20_000, `${LISTING}; the part of an entry in that is an assumption`, [5_000, 40_000]),
  /** Adding, changing or deleting a virtual server or a real server. */
  netlinkWrite: counted(132_000, `${LOADING}; both are taken to cost the same`, [60_000, 250_000]),
  /** An entry in the input of `ipset restore`. Timed, it took 6.4 us (44,000). */
  ipsetEntry: counted(
    66_000,
    'restoring 1,000, 5,000 and 10,000 entries took 70, 330 and 656 million',
    [40_000, 72_000],
  ),
  /** Adding one service by the command-line tools; no sync does that. */
  oneServiceByCommands: counted(10.3e6, 'a change of one service, whatever the number of services', [8e6, 13e6]),
  /** Any ipset command. */
  ipsetCommand: measured(1.4e-3, 's', 'One entry by an ipset command of its own', [1e-3, 5e-3]),
  /** AddrAdd on an interface that is down, such as kube-ipvs0. */
  address: {
    fixed: measured(2e-6, 's', 'Adding 1,000 to 10,000 addresses to an interface that is down', [1e-6, 7e-6]),
    /** The kernel walks the list of the interface's addresses. */
    perAddressThere: measured(
      11e-9,
      's',
      'Adding 1,000, 5,000 and 10,000 addresses to an interface that is down took 8, 160 and 600 ms',
      [4e-9, 15e-9],
    ),
    /** The list has left the caches. */
    perAddressThereUncached: measured(
      26e-9,
      's',
      'From 10,000 to 20,000 addresses on an interface that is down: 3.9 s for 1.5e8 steps through the list',
      [15e-9, 73e-9],
    ),
    cachedAddresses: measured(10_000, '1', 'Where the time of a step through the list jumps', [3_000, 30_000]),
  },
  /** kube-proxy's own time for one virtual server: its structures, names of ipset entries, comparison with what is there. */
  generatePerVirtualServer: assumed(
    13e-6,
    's',
    'Taken to be what iptables mode spends on the five rules of a service with one endpoint (KUBE_PROXY_COSTS.generatePerRule)',
    [5e-6, 200e-6],
  ),
} as const;
