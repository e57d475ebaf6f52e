/**
 * What the parts of a world are wired to, in the order in which a world comes into being.
 *
 *   ClusterContext: scenario, clock, random streams, tables
 *     + etcd, API servers --> ApiContext
 *     + discovery --> EndpointContext
 */

import type { RandomStreams } from '../../kernel/random.js';
import type { Simulation } from '../../kernel/simulation.js';
import type { NodeTable } from '../cluster/nodes.js';
import type { PodTable } from '../cluster/pods.js';
import type { ServiceTable } from '../cluster/services.js';
import type { ApiServers } from '../controlplane/api-servers.js';
import type { Discovery } from '../controlplane/discovery.js';
import type { Etcd } from '../controlplane/etcd.js';
import type { Scenario } from '../scenario.js';

export const NS_PER_SECOND = 1e9;

/** Whole nanoseconds. */
export const ns = (seconds: number): number => Math.round(seconds * NS_PER_SECOND);

export interface ClusterContext {
  readonly simulation: Simulation;
  readonly scenario: Scenario;
  readonly streams: RandomStreams;
  readonly nodes: NodeTable;
  readonly services: ServiceTable;
  readonly pods: PodTable;
  /** When the workload begins: what is used of a limit counts from here. */
  readonly startNs: number;
}

export interface ApiContext extends ClusterContext {
  readonly apiServers: ApiServers;
  readonly etcd: Etcd;
  /** From a commit to the informers of controllers. */
  readonly watchLatencyNs: number;
}

export interface EndpointContext extends ApiContext {
  /** Of the services with selector. */
  readonly discovery: Discovery;
  /**
   * Services that endpoint controllers have nothing to do with: those whose creation the workload waits for, each of which leaves the
   * set when the informers show it, and those of type ExternalName.
   */
  readonly absentServices: Set<number>;
}
