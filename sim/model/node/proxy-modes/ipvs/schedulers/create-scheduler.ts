/** The schedulers by the names that ipvs.scheduler takes. */

import type { IpvsSchedulerName } from '../../../../kube-proxy-settings.js';
import { DestinationHash, SourceHash } from './hash-table.js';
import { LeastConnection, NeverQueue, ShortestExpectedDelay, WeightedLeastConnection } from './least-connection.js';
import { LocalityLeastConnection, LocalityLeastConnectionReplicated } from './locality.js';
import { Maglev } from './maglev.js';
import { RoundRobin, WeightedRoundRobin } from './round-robin.js';
import type { IpvsScheduler } from './scheduler.js';

const classes: Readonly<Record<IpvsSchedulerName, new () => IpvsScheduler>> = {
  rr: RoundRobin,
  wrr: WeightedRoundRobin,
  lc: LeastConnection,
  wlc: WeightedLeastConnection,
  sed: ShortestExpectedDelay,
  nq: NeverQueue,
  lblc: LocalityLeastConnection,
  lblcr: LocalityLeastConnectionReplicated,
  sh: SourceHash,
  dh: DestinationHash,
  mh: Maglev,
};

/** All names, in the order of the kernel's documentation. */
export const IPVS_SCHEDULERS = Object.keys(classes) as readonly IpvsSchedulerName[];

/** A scheduler for one virtual server on one node. */
export const createScheduler = (name: IpvsSchedulerName): IpvsScheduler => new classes[name]();
