/**
 * The load balancer of a cloud in front of one service: which nodes it sends to, and how much to each.
 *
 *   service controller --nodes in the pool--+
 *   nodes --answers--> periodic checks -----+--> healthy targets, else all of them (fail open) --weights--> traffic
 *   endpoint objects --ready endpoints------+        (evenly, or by endpoints)
 *
 * Targets are nodes (`instance`) or pods (`ip`). Pods are followed as a number for each node: they come in once the pool has been
 * updated and their checks have succeeded, and leave when the pool has been updated. A node with pods as targets is only asked
 * whether it lives.
 *
 * Left out: flows hashed by the addresses of clients, which few of them make uneven; checks of single pods that fail while the
 * endpoint objects say ready; zones of the load balancer itself (cross-zone balancing is on); which of a node's pods leaves first
 * when one comes and another goes; weights other than by endpoints.
 */

import type { EventKind, Simulation } from '../../../kernel/simulation.js';
import type { CounterHash } from '../../../kernel/random.js';
import { nextTickNs } from '../../../kernel/ticks.js';
import type { TrafficPolicy } from '../../cluster/service-shape.js';
import type { LoadBalancerSettings } from '../../load-balancer-settings.js';
import type { InitialTargets, LoadBalancer, NodeAnswer, TargetLeftListener, WeightListener } from './load-balancer.js';
import { PeriodicChecks, recoveryKnownNs } from './periodic-check.js';

export interface CloudLoadBalancerParameters {
  /** The service that it stands in front of: keys the draws, and names its kinds of events. */
  readonly service: number;
  readonly nodes: number;
  readonly settings: LoadBalancerSettings;
  readonly externalTrafficPolicy: TrafficPolicy;
  /** Whether the service controller has the node in the pool when the load balancer starts. */
  readonly isInPool: (node: number) => boolean;
  /** When each target is checked, for (service, node). */
  readonly phases: CounterHash;
}

export class CloudLoadBalancer implements LoadBalancer {
  readonly #simulation: Simulation;
  readonly #settings: LoadBalancerSettings;
  readonly #checks: PeriodicChecks;
  readonly #phaseNs: (node: number) => number;
  readonly #isInPool: (node: number) => boolean;
  readonly #poolKind: EventKind;
  readonly #podsKind: EventKind;
  readonly #weightKind: EventKind;
  /** Nodes have the weight that their health check tells: their ready endpoints. */
  readonly #isWeighted: boolean;
  /** What a node would get if it were healthy: 1 or its endpoints; 0 when it is no target. */
  readonly #share: Float64Array;
  readonly #isHealthyTarget: Uint8Array;
  readonly #weights: Float64Array;
  /** Ready endpoints as the objects say. */
  readonly #published: Int32Array;
  /** With pods as targets: pods in the pool, by node. */
  readonly #pooled: Int32Array;
  /** Nodes whose new weight the next check will tell. */
  readonly #weightPending = new Set<number>();
  #healthyTargets = 0;
  #isOpen = false;
  #onWeight: WeightListener | null = null;
  #onTargetLeft: TargetLeftListener = () => {};

  constructor(simulation: Simulation, parameters: CloudLoadBalancerParameters) {
    const { service, nodes, settings, externalTrafficPolicy, phases } = parameters;
    const { intervalNs } = settings.healthCheck;
    const name = `load balancer of service ${service}`;
    this.#simulation = simulation;
    this.#settings = settings;
    this.#isInPool = parameters.isInPool;
    this.#phaseNs = (node) => Math.floor(phases.uniform(service, node) * intervalNs);
    this.#checks = new PeriodicChecks(simulation, name, nodes, settings.healthCheck, this.#phaseNs, (node) =>
      this.#refresh(node),
    );
    this.#isWeighted = settings.weightByEndpoints && externalTrafficPolicy === 'Local';
    this.#share = new Float64Array(nodes);
    this.#isHealthyTarget = new Uint8Array(nodes);
    this.#weights = new Float64Array(nodes);
    this.#published = new Int32Array(nodes);
    this.#pooled = new Int32Array(nodes);
    this.#poolKind = simulation.registerKind(`${name}: pool updated`, (node, isIn) => this.#onPoolUpdated(node, isIn));
    this.#podsKind = simulation.registerKind(`${name}: pods updated`, (node, pods) => this.#onPodsUpdated(node, pods));
    this.#weightKind = simulation.registerKind(`${name}: weight told`, (node) => this.#onWeightTold(node));
  }

  onTargetLeft(listener: TargetLeftListener): void {
    this.#onTargetLeft = listener;
  }

  start({ nodes, answerOf, readyOn }: InitialTargets, onWeight: WeightListener): void {
    for (let node = 0; node < nodes; node++) {
      this.#published[node] = readyOn(node);
      if (!this.#sendsToPods && !this.#isInPool(node)) {
        this.#checks.answers(node, answerOf(node));
        continue;
      }
      this.#checks.settle(node, this.#heard(answerOf(node)));
      if (this.#sendsToPods) this.#pooled[node] = this.#published[node]!;
      this.#share[node] = this.#shareOf(node, 1);
      if (this.#share[node]! > 0 && this.#checks.isHealthy(node)) {
        this.#isHealthyTarget[node] = 1;
        this.#healthyTargets++;
      }
    }
    this.#isOpen = this.#failsOpen;
    this.#onWeight = onWeight;
    for (let node = 0; node < nodes; node++) this.#tell(node);
  }

  nodeAnswers(node: number, answer: NodeAnswer): void {
    this.#checks.answers(node, this.#heard(answer));
  }

  endpointsPublished(node: number, ready: number): void {
    const more = ready - this.#published[node]!;
    if (more === 0) return;
    this.#published[node] = ready;
    const { nowNs } = this.#simulation;
    const { healthCheck, targetUpdateNs } = this.#settings;
    if (this.#sendsToPods) {
      const updatedNs = nowNs + targetUpdateNs;
      const inUseNs = more < 0 ? updatedNs : recoveryKnownNs(healthCheck, this.#phaseNs(node), updatedNs);
      this.#simulation.schedule(inUseNs, this.#podsKind, node, more);
    } else if (this.#isWeighted && !this.#weightPending.has(node)) {
      this.#weightPending.add(node);
      const toldNs = nextTickNs(healthCheck.intervalNs, this.#phaseNs(node), nowNs);
      this.#simulation.schedule(toldNs, this.#weightKind, node);
    }
  }

  /** The service controller puts the node into the pool, or takes it out. */
  setInPool(node: number, isIn: boolean): void {
    if (this.#sendsToPods || this.#onWeight === null) return;
    const { targetUpdateNs } = this.#settings;
    this.#simulation.schedule(this.#simulation.nowNs + targetUpdateNs, this.#poolKind, node, isIn ? 1 : 0);
  }

  #onPoolUpdated(node: number, isIn: number): void {
    if (isIn === 1) this.#checks.begin(node);
    else this.#checks.end(node);
    this.#share[node] = isIn === 1 ? this.#shareOf(node, 1) : 0;
    this.#refresh(node);
    if (isIn === 0) this.#onTargetLeft(node, this.#settings.deregistrationDelayNs);
  }

  #onPodsUpdated(node: number, more: number): void {
    this.#pooled[node]! += more;
    const before = this.#share[node]!;
    this.#share[node] = this.#shareOf(node, 0);
    this.#refresh(node);
    if (before > 0 && this.#share[node] === 0) this.#onTargetLeft(node, this.#settings.deregistrationDelayNs);
  }

  #onWeightTold(node: number): void {
    this.#weightPending.delete(node);
    if (this.#share[node] === 0) return;
    this.#share[node] = this.#shareOf(node, this.#share[node]!);
    this.#refresh(node);
  }

  /** `without`: of a target that tells no weight. */
  #shareOf(node: number, without: number): number {
    // One that goes while another comes may leave first: fewer than none are none.
    if (this.#sendsToPods) return Math.max(0, this.#pooled[node]!);
    // A check that fails tells no weight: what was told before holds until the target is out.
    return this.#isWeighted && this.#published[node]! > 0 ? this.#published[node]! : without;
  }

  /** The share or the health of the node may have changed. */
  #refresh(node: number): void {
    const isHealthyTarget = this.#share[node]! > 0 && this.#checks.isHealthy(node) ? 1 : 0;
    this.#healthyTargets += isHealthyTarget - this.#isHealthyTarget[node]!;
    this.#isHealthyTarget[node] = isHealthyTarget;
    if (this.#failsOpen === this.#isOpen) {
      this.#tell(node);
      return;
    }
    this.#isOpen = !this.#isOpen;
    for (let other = 0; other < this.#weights.length; other++) this.#tell(other);
  }

  #tell(node: number): void {
    const weight = this.#isOpen || this.#isHealthyTarget[node] === 1 ? this.#share[node]! : 0;
    if (weight === this.#weights[node]) return;
    this.#weights[node] = weight;
    this.#onWeight?.(node, weight);
  }

  /** Pods answer for themselves, as long as their node lives. */
  #heard(answer: NodeAnswer): NodeAnswer {
    return this.#sendsToPods && answer === 'unhealthy' ? 'healthy' : answer;
  }

  get #failsOpen(): boolean {
    return this.#healthyTargets === 0 && this.#settings.whenNoneHealthy === 'all';
  }

  get #sendsToPods(): boolean {
    return this.#settings.targetType === 'ip';
  }
}
