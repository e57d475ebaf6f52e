/**
 * Laws that hold once everything is quiet, whatever the scenario. A violation is a fault of the simulator, and ends the run.
 *
 *  1. Every node has applied every write, once; one that is lost has applied the first of them, at most those that it was sent.
 *  2. Bytes sent to watchers are what the watchers got: every write once, by its frame or again, unless a list told of it.
 *     Nothing is sent to a node that is lost.
 *  3. What is published of a service, in each address family, is what its pods are, or what was written by hand: as many usable
 *     endpoints as are ready (or have an address, where the service publishes those too), up to the cap. A pod on a lost node
 *     counts as the API has it, not ready: nobody can write that its containers have stopped or have an address.
 *  4. Every service has the pods that it is meant to have, unless a rolling update or the workload was cut off, or its
 *     StatefulSet is held up: by a lost node, or, with OrderedReady, by a pod that is not ready.
 *  5. Every committed write that changed an object is in the log, and what nodes hold of a service is what is published of it.
 *  6. Every latency has one sample for each (write, node) pair that was applied.
 *  7. Little's law: the updates under way, summed over time, are the latencies of the updates, summed. The first is counted from
 *     commits and applications alone, the second from the samples.
 *  8. The rules of every node that is not lost are those that one makes who sees only what is published.
 *
 * And at any time: no limit is used more than it has (checkUtilizations).
 */

import { METRICS, type MetricName } from '../metrics.js';
import { NO_NODE, PodState, type PodTable } from './cluster/pods.js';
import type { EndpointSettings } from './cluster/services.js';
import type { Discovery } from './controlplane/discovery.js';
import { isReadyEndpoint } from './controlplane/endpoint-membership.js';
import type { WatchConnections } from './controlplane/watch-connections.js';
import { NO_ENTRY, type WatchFanOut } from './controlplane/watch-fan-out.js';
import type { KubeProxies } from './node/kube-proxies.js';
import type { ProxyRecorders } from './node/latency-samples.js';
import type { InitialEndpoints } from './node/rule-history.js';
import type { HeldUpBy } from './workload/held-up-stateful-sets.js';
import type { ReplicaSets } from './workload/replica-sets.js';

/** Amounts that are spread over the bins of a series add up to themselves but for rounding. */
const ROUNDING = 1e-9;
/** Sums of millions of times, of which differences are taken, are known to fewer digits. */
const ROUNDING_OF_SUMS = 1e-6;

const NS_PER_SECOND = 1e9;

/** The state of a world that is quiet. */
export interface QuietWorld {
  readonly log: WatchFanOut;
  readonly kubeProxies: KubeProxies;
  readonly watchConnections: WatchConnections;
  /** The distributions that the kube-proxies filled. */
  readonly recorders: ProxyRecorders;
  readonly bytesInSeries: number;
  /** Writes that were committed and changed an object that nodes watch. */
  readonly committedWrites: number;
  readonly pods: PodTable;
  readonly services: number;
  readonly replicaSets: ReplicaSets;
  readonly discoveryOf: (service: number) => Discovery;
  readonly settingsOf: (service: number) => EndpointSettings;
  readonly absentServices: ReadonlySet<number>;
  /** What kube-proxies are told of each service in which they see nothing but what is published. */
  readonly publishedEndpoints: () => (service: number) => InitialEndpoints;
  /** What kube-proxies count of their rules. */
  readonly ruleQuantities: readonly string[];
  /** False after a write was refused or given up: then the objects stay behind the pods, as they would. */
  readonly isPublished: boolean;
  /** False when the workload ended before its rolling updates did, or before pods that were missing were created. */
  readonly isComplete: boolean;
  readonly isNodeUp: (node: number) => boolean;
  /** Services whose StatefulSet waits for what does not happen. */
  readonly heldUpServices: ReadonlyMap<number, HeldUpBy>;
}

/** Throws an Error that names the first law that does not hold. */
export function checkConservation(world: QuietWorld): void {
  const { log, kubeProxies, watchConnections } = world;
  const nodes = kubeProxies.cursor.length;
  let applied = 0;
  let bytesGot = 0;
  for (const [node, cursor] of kubeProxies.cursor.entries()) {
    const sent = watchConnections.sentUpTo(node);
    const isLate = watchConnections.isLost(node) ? cursor > sent : cursor !== log.length;
    if (isLate) violated(`node ${node} has applied ${cursor} of ${log.length} writes, and was sent ${sent}`);
    applied += cursor;
    bytesGot += log.bytesBefore[sent]!;
  }
  if (kubeProxies.deliveries !== applied) {
    violated(
      `${kubeProxies.deliveries} samples of ${log.length} writes on ${nodes} nodes, which have applied ${applied}`,
    );
  }

  // A node gets each entry once, by the dispatcher, in a replay, or as part of a list.
  const bytes = bytesGot - watchConnections.bytesReplacedByLists;
  if (Math.abs(world.bytesInSeries - bytes) > ROUNDING * bytes) {
    violated(`${world.bytesInSeries} bytes in the series and ${bytes} sent`);
  }

  if (world.committedWrites !== log.length) {
    violated(`${world.committedWrites} committed writes and ${log.length} in the log`);
  }
  checkNodesView(world);
  checkSamples(world);
  if (world.isPublished) {
    checkPublished(world);
    checkRules(world);
  }
  if (world.isComplete) checkReplicas(world);
}

function checkPublished(world: QuietWorld): void {
  const { pods, services, discoveryOf, settingsOf, absentServices } = world;
  const ready = new Int32Array(services);
  for (let pod = 0; pod < pods.count; pod++) {
    const service = pods.service[pod]!;
    const { publishNotReadyAddresses } = settingsOf(service);
    if (isReadyEndpoint(stateToPublish(world, pod), publishNotReadyAddresses)) ready[service]!++;
  }
  for (let service = 0; service < services; service++) {
    const discovery = discoveryOf(service);
    const expected = absentServices.has(service) ? 0 : Math.min(discovery.maxUsableEndpoints, ready[service]!);
    for (let family = 0; family < discovery.addressFamilies(service); family++) {
      const published = discovery.usableEndpoints(service, family);
      if (published === expected) continue;
      violated(`service ${service} has ${published} usable endpoints in its objects and ${expected} ready pods`);
    }
  }
}

/** What the pod truly is, or, as long as its node is lost, what the API can know of it at most. */
function stateToPublish({ pods, isNodeUp }: QuietWorld, pod: number): number {
  const { condition, stored, node } = pods;
  // Hand-written addresses are on no node.
  if (node[pod] === NO_NODE || isNodeUp(node[pod]!)) return condition[pod]!;
  // Labels are written by users.
  return (stored[pod]! & ~(PodState.ready | PodState.notSelected)) | (condition[pod]! & PodState.notSelected);
}

/** Nodes hold what the last write of the log says, as they have applied all of it. */
function checkNodesView({ log, services, discoveryOf }: QuietWorld): void {
  for (let service = 0; service < services; service++) {
    const entry = log.lastEntryOf(service);
    if (entry === NO_ENTRY) continue;
    const held = log.endpointsAfter[entry]!;
    const published = discoveryOf(service).usableEndpoints(service);
    if (held !== published)
      violated(`nodes hold ${held} endpoints of service ${service}, of which ${published} are published`);
  }
}

/** Counts are whole numbers, whose sums are exact. Takes as long as to set up the nodes. */
function checkRules({ kubeProxies, watchConnections, publishedEndpoints, ruleQuantities }: QuietWorld): void {
  const count = kubeProxies.countTables(publishedEndpoints());
  const held = new Float64Array(ruleQuantities.length);
  const counted = new Float64Array(ruleQuantities.length);
  for (let node = 0; node < kubeProxies.cursor.length; node++) {
    if (watchConnections.isLost(node)) continue;
    kubeProxies.tablesOf(node, held);
    count(node, counted);
    for (const [quantity, name] of ruleQuantities.entries()) {
      if (held[quantity] === counted[quantity]) continue;
      violated(`node ${node} has ${held[quantity]} ${name}, and ${counted[quantity]} by what is published`);
    }
  }
}

function checkSamples({ log, kubeProxies, recorders }: QuietWorld): void {
  const { trueLatency, fanOut, wait, sync } = recorders;
  for (const [name, { count }] of Object.entries({ trueLatency, fanOut, wait, sync })) {
    if (count !== kubeProxies.deliveries)
      violated(`${count} samples of ${name} and ${kubeProxies.deliveries} deliveries`);
  }
  // Of the writes that were applied: those that a lost node misses are under way as long as it is lost.
  const committedBefore = new Float64Array(log.length + 1);
  for (let entry = 0; entry < log.length; entry++) {
    committedBefore[entry + 1] = committedBefore[entry]! + log.commitNs[entry]!;
  }
  let committedSumNs = 0;
  for (const cursor of kubeProxies.cursor) committedSumNs += committedBefore[cursor]!;
  const underWay = (kubeProxies.appliedSumNs - committedSumNs) / NS_PER_SECOND;
  const waited = fanOut.sum + wait.sum + sync.sum;
  if (Math.abs(underWay - waited) > ROUNDING_OF_SUMS * waited) {
    violated(`updates were under way for ${underWay} s in all, and waited for ${waited} s (Little's law)`);
  }
}

/** Throws an Error when a limit was used by more than all of it. */
export function checkUtilizations(scalars: Partial<Record<MetricName, number>>): void {
  for (const [metric, value] of Object.entries(scalars) as [MetricName, number][]) {
    if (!/_utilization(_|$)/.test(metric) || METRICS[metric].unit !== 'ratio') continue;
    if (!(value >= 0 && value <= 1 + ROUNDING)) violated(`${metric} is ${value}`);
  }
}

function checkReplicas({ services, replicaSets, heldUpServices }: QuietWorld): void {
  for (let service = 0; service < services; service++) {
    if (heldUpServices.has(service)) continue;
    const live = replicaSets.replicas(service).length;
    const desired = replicaSets.desired(service);
    if (live !== desired) violated(`service ${service} has ${live} pods and is meant to have ${desired}`);
  }
}

function violated(what: string): never {
  throw new Error(`conservation violated: ${what}`);
}
