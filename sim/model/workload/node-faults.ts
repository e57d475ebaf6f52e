/**
 * Nodes that are lost, come back, or are restarted, and how long the cluster takes to get over it.
 *
 *   action --> nodes go down: their pods are not ready in truth, their kubelets write nothing, their leases are not renewed
 *                --> node life cycle controller --> pods marked not ready --> endpoints
 *                                               --> taint eviction --> pods deleted --> ReplicaSets make others
 *          --> nodes come back: their kubelets write on, with the pods as they were (restart: started again)
 *          --> their watches break, and come back with them
 *
 * A node is lost as by a network that is cut: its containers run on, and are ready again when it is back.
 *
 * Left out: nodes that are replaced by others, kubelets that fail by themselves.
 */

import type { CounterHash, RandomStreams } from '../../kernel/random.js';
import type { EventKind, Simulation } from '../../kernel/simulation.js';
import type { NodeAvailability, NodeBack } from '../cluster/node-availability.js';
import type { NodeTable } from '../cluster/nodes.js';
import type { PodTable } from '../cluster/pods.js';
import type { NodeLifecycle } from '../controlplane/node-lifecycle.js';
import type { Scheduler } from '../controlplane/scheduler.js';
import { type HeartbeatSettings, lastRenewalNs } from '../node/heartbeats.js';
import type { Kubelets } from '../node/kubelets.js';
import type { WorkloadAction } from '../scenario.js';
import type { PodLifecycle } from './pod-lifecycle.js';
import { RecoveryClock } from './recovery-clock.js';
import type { ReplicaSets } from './replica-sets.js';

/** Who carries what a node receives, and tells its kube-proxy. */
export interface NodeConnections {
  onNodeLost(node: number): void;
  onNodeReturned(node: number, back: NodeBack): void;
}

export interface NodeFaultTargets {
  readonly nodes: NodeTable;
  readonly pods: PodTable;
  readonly availability: NodeAvailability;
  readonly kubelets: Kubelets;
  readonly lifecycle: PodLifecycle;
  readonly nodeLifecycle: NodeLifecycle;
  readonly scheduler: Scheduler;
  readonly replicaSets: ReplicaSets;
  readonly connections: NodeConnections;
  /** Whether the endpoint objects of the service show a pod of this state as ready. */
  readonly isEndpoint: (service: number, state: number) => boolean;
}

export type NodeFault = Extract<WorkloadAction, { kind: 'loseNodes' | 'restartNodes' }>;

const NOT_LOST = -1;
const REBOOTS = 1;

export class NodeFaults {
  readonly recovery: RecoveryClock;
  /** Pods deleted by taint eviction. */
  evicted = 0;
  readonly #simulation: Simulation;
  readonly #targets: NodeFaultTargets;
  readonly #heartbeats: HeartbeatSettings;
  readonly #endNs: number;
  readonly #choiceHash: CounterHash;
  readonly #renewalHash: CounterHash;
  readonly #statusHash: CounterHash;
  readonly #backKind: EventKind;
  readonly #readyKind: EventKind;
  /** When each node was lost, or NOT_LOST. */
  readonly #lostNs: Float64Array;
  /** Losses of each node so far: the key of its draws. */
  readonly #losses: Int32Array;

  /** Nobody is evicted after `endNs`. */
  constructor(
    simulation: Simulation,
    targets: NodeFaultTargets,
    heartbeats: HeartbeatSettings,
    streams: RandomStreams,
    endNs: number,
  ) {
    this.#simulation = simulation;
    this.#targets = targets;
    this.#heartbeats = heartbeats;
    this.#endNs = endNs;
    this.recovery = new RecoveryClock(targets.pods, targets.replicaSets, targets.isEndpoint);
    this.#choiceHash = streams.hash('node-fault-choice');
    this.#renewalHash = streams.hash('lease-renewal-phase');
    this.#statusHash = streams.hash('node-status-phase');
    this.#lostNs = new Float64Array(targets.nodes.count).fill(NOT_LOST);
    this.#losses = new Int32Array(targets.nodes.count);
    this.#backKind = simulation.registerKind('fault: node is back', (node, reboots) => this.#onBack(node, reboots));
    this.#readyKind = simulation.registerKind('fault: node reports ready', (node, loss) => this.#onReady(node, loss));
    targets.lifecycle.onObserved((service, pods) => {
      for (const pod of pods) this.recovery.onChange(service, pod, simulation.nowNs);
    });
    targets.lifecycle.onUnchanged((service, pod) => this.recovery.onChange(service, pod, simulation.nowNs));
  }

  /** Carries out the action with this index, now; says how many nodes it found to be up. */
  begin(index: number, fault: NodeFault): number {
    const nodes = this.#choose(index, fault);
    const nowNs = this.#simulation.nowNs;
    const { availability, kubelets, lifecycle, nodeLifecycle, connections } = this.#targets;
    for (const node of nodes) availability.setUp(node, false);
    for (const node of nodes) {
      const loss = this.#losses[node]!++;
      this.#lostNs[node] = nowNs;
      kubelets.nodeLost(node);
      lifecycle.nodeLost(node);
      connections.onNodeLost(node);
      nodeLifecycle.nodeLost(node, lastRenewalNs(this.#heartbeats, this.#renewalHash.uniform(node, loss), nowNs));
      if (fault.forNs === null) continue;
      this.#simulation.schedule(nowNs + fault.forNs, this.#backKind, node, fault.kind === 'restartNodes' ? REBOOTS : 0);
    }
    this.recovery.begin(nodes, nowNs);
    return nodes.length;
  }

  /** Since when the node has been lost, or the time of its last loss. */
  lostNs(node: number): number {
    return this.#lostNs[node]!;
  }

  /** Taint eviction deletes the pod now. */
  evict(pod: number): void {
    if (this.#simulation.nowNs > this.#endNs) return;
    const { pods, replicaSets } = this.#targets;
    this.evicted++;
    replicaSets.deleteByOther(pods.service[pod]!, pod);
  }

  /** Nodes that are up, of the zone or drawn at random over the cluster: the same in every variant. */
  #choose(index: number, { nodes: which }: NodeFault): number[] {
    const { nodes, availability } = this.#targets;
    const up: number[] = [];
    for (let node = 0; node < nodes.count; node++) {
      if (availability.isUp(node) && (!('zone' in which) || nodes.zone[node] === which.zone)) up.push(node);
    }
    if ('zone' in which) return up;
    const draw = (node: number): number => this.#choiceHash.uniform(node, index);
    return up
      .sort((a, b) => draw(a) - draw(b) || a - b)
      .slice(0, which.count)
      .sort((a, b) => a - b);
  }

  #onBack(node: number, reboots: number): void {
    const { availability, kubelets, lifecycle, scheduler, connections } = this.#targets;
    const nowNs = this.#simulation.nowNs;
    availability.setUp(node, true);
    kubelets.nodeReturned(node);
    if (reboots === REBOOTS) lifecycle.nodeRebooted(node, this.#lostNs[node]!);
    else lifecycle.nodeReturned(node);
    connections.onNodeReturned(node, reboots === REBOOTS ? 'rebooted' : 'unchanged');
    this.recovery.nodeReturned(node, nowNs);
    scheduler.nodeReturned();
    // The kubelet computes its status at a phase of its own, and finds that it differs.
    const uniform = this.#statusHash.uniform(node, this.#losses[node]!);
    const delayNs = Math.floor(uniform * this.#heartbeats.nodeStatusUpdateFrequencyNs);
    this.#simulation.schedule(nowNs + delayNs, this.#readyKind, node, this.#losses[node]);
  }

  #onReady(node: number, loss: number): void {
    // It may have been lost again.
    if (loss === this.#losses[node]) this.#targets.nodeLifecycle.nodeReady(node);
  }
}
