/**
 * How long the cluster takes to get over a fault of its watches.
 *
 *   fault begins ... fault ends: every write committed by now counts --> all broken watches back, all those writes on all nodes
 */

import type { EventKind, Simulation } from '../kernel/simulation.js';
import type { MetricName } from '../metrics.js';
import type { WatchFanOut } from './controlplane/watch-fan-out.js';
import type { Fault, FaultKind } from './controlplane/watch-faults.js';
import type { KubeProxies, Milestone } from './node/kube-proxies.js';

const SECONDS_PER_NS = 1e-9;

const METRIC_OF: Readonly<Record<FaultKind, MetricName>> = {
  apiServerRestart: 'api_server_restart_recovery_seconds',
  slowWatchers: 'slow_watcher_recovery_seconds',
};

export class FaultRecovery {
  readonly #simulation: Simulation;
  readonly #log: WatchFanOut;
  readonly #kubeProxies: KubeProxies;
  readonly #faults: Fault[] = [];
  readonly #milestones: (Milestone | undefined)[] = [];
  readonly #overKind: EventKind;

  constructor(simulation: Simulation, log: WatchFanOut, kubeProxies: KubeProxies) {
    this.#simulation = simulation;
    this.#log = log;
    this.#kubeProxies = kubeProxies;
    this.#overKind = simulation.registerKind('fault: over', (index) => {
      this.#milestones[index] = this.#kubeProxies.addMilestone(this.#log.length);
    });
  }

  /** Follows a fault that has just begun. */
  follow(fault: Fault): void {
    const index = this.#faults.push(fault) - 1;
    this.#simulation.schedule(fault.endNs, this.#overKind, index);
  }

  /** By metric the longest recovery, as long as all faults of its kind are got over. */
  recoveries(): Partial<Record<MetricName, number>> {
    const recoveries: Partial<Record<MetricName, number>> = {};
    for (const [index, { kind, startNs, broken, lastBackNs }] of this.#faults.entries()) {
      const milestone = this.#milestones[index];
      const isOver = milestone !== undefined && milestone.nodesLeft === 0 && broken === 0;
      const overNs = isOver ? Math.max(lastBackNs, milestone.lastAppliedNs) : Infinity;
      const metric = METRIC_OF[kind];
      recoveries[metric] = Math.max(recoveries[metric] ?? 0, (overNs - startNs) * SECONDS_PER_NS);
    }
    for (const metric of Object.values(METRIC_OF)) if (recoveries[metric] === Infinity) delete recoveries[metric];
    return recoveries;
  }
}
