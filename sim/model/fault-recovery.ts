/**
 * How long the cluster takes to get over a fault.
 *
 *   of watches:   fault begins ... fault ends: every write committed by now counts
 *                     --> all broken watches back, all those writes on all nodes
 *   of writers:   fault begins ... fault ends ... the endpoint controller has caught up: every write committed by now counts
 *   (fail-over, slow etcd)                            --> all those writes on all nodes
 */

import type { EventKind, Simulation } from '../kernel/simulation.js';
import type { MetricName } from '../metrics.js';
import type { WatchFanOut } from './controlplane/watch-fan-out.js';
import type { Fault } from './controlplane/watch-faults.js';
import type { KubeProxies } from './node/kube-proxies.js';
import type { Milestone } from './node/milestones.js';

const SECONDS_PER_NS = 1e-9;

const METRIC_OF = {
  apiServerRestart: 'api_server_restart_recovery_seconds',
  slowWatchers: 'slow_watcher_recovery_seconds',
  controllerManagerFailOver: 'controller_manager_fail_over_recovery_seconds',
  slowEtcd: 'slow_etcd_recovery_seconds',
} as const satisfies Record<string, MetricName>;

export type FaultKind = keyof typeof METRIC_OF;

/** Calls back once when no service waits to be published, and none is being published. */
export interface Writer {
  onceCaughtUp(callback: () => void): void;
}

interface Recovery {
  readonly kind: FaultKind;
  readonly startNs: number;
  /** Of the watches that the fault broke; null when it breaks none. */
  readonly watches: Fault | null;
  /** When the writes that count were all committed. */
  committedNs: number;
  /** Those writes on the nodes; null until they are committed. */
  milestone: Milestone | null;
}

export class FaultRecovery {
  readonly #simulation: Simulation;
  readonly #log: WatchFanOut;
  readonly #kubeProxies: KubeProxies;
  readonly #writer: Writer;
  readonly #recoveries: Recovery[] = [];
  readonly #watchFaultOverKind: EventKind;
  readonly #writerFaultOverKind: EventKind;

  constructor(simulation: Simulation, log: WatchFanOut, kubeProxies: KubeProxies, writer: Writer) {
    this.#simulation = simulation;
    this.#log = log;
    this.#kubeProxies = kubeProxies;
    this.#writer = writer;
    this.#watchFaultOverKind = simulation.registerKind('fault of watches: over', (index) => this.#onCommitted(index));
    this.#writerFaultOverKind = simulation.registerKind('fault of writers: over', (index) =>
      this.#writer.onceCaughtUp(() => this.#onCommitted(index)),
    );
  }

  /** Follows a fault of watches that has just begun. */
  followWatches(fault: Fault): void {
    const index = this.#follow(fault.kind, fault.startNs, fault);
    this.#simulation.schedule(fault.endNs, this.#watchFaultOverKind, index);
  }

  /** Follows a fault that delays writes, from `startNs` to `endNs`, now or later. */
  followWriters(kind: FaultKind, startNs: number, endNs: number): void {
    this.#simulation.schedule(endNs, this.#writerFaultOverKind, this.#follow(kind, startNs, null));
  }

  /** By metric the longest recovery, as long as all faults of its kind are got over. */
  recoveries(): Partial<Record<MetricName, number>> {
    const longestNs = new Map<FaultKind, number>();
    for (const recovery of this.#recoveries) {
      const ns = recoveredNs(recovery) - recovery.startNs;
      // Nothing was broken and nothing written meanwhile: there was nothing to get over.
      if (ns <= 0) continue;
      longestNs.set(recovery.kind, Math.max(longestNs.get(recovery.kind) ?? 0, ns));
    }
    const recoveries: Partial<Record<MetricName, number>> = {};
    for (const [kind, ns] of longestNs) if (ns !== Infinity) recoveries[METRIC_OF[kind]] = ns * SECONDS_PER_NS;
    return recoveries;
  }

  #follow(kind: FaultKind, startNs: number, watches: Fault | null): number {
    return this.#recoveries.push({ kind, startNs, watches, committedNs: Infinity, milestone: null }) - 1;
  }

  #onCommitted(index: number): void {
    const recovery = this.#recoveries[index]!;
    recovery.committedNs = this.#simulation.nowNs;
    recovery.milestone = this.#kubeProxies.addMilestone(this.#log.length);
  }
}

/** When the cluster had got over the fault; Infinity when it has not. */
function recoveredNs({ watches, committedNs, milestone }: Recovery): number {
  if (milestone === null || milestone.nodesLeft > 0 || (watches !== null && watches.broken > 0)) return Infinity;
  // Watches that broke may be back before the server is; writers have got over it when they have caught up.
  return Math.max(watches === null ? committedNs : watches.lastBackNs, milestone.lastAppliedNs);
}
