/**
 * What a node remembers of the clients of a service with sessionAffinity ClientIP, by proxy mode.
 *
 *   new flow of a client --boundTo--> the endpoint that it is bound to, or none: the mode chooses --bind--> remembered, for a time
 *   endpoint gone --forget--> its clients are chosen for anew
 *
 *   iptables  xt_recent: a list for each endpoint, of so many clients at most, asked in the order of the endpoints
 *   nftables  a set for each endpoint, asked in that order too, with room for many more
 *   IPVS      a persistence template for each client, which lives on while the client has open flows
 *   userspace a map in the memory of kube-proxy (node/proxy-modes/userspace/userspace-load-balancer.ts)
 *
 * Each new flow renews the time (pkg/proxy/iptables, writeServiceToEndpointRules and the endpoint chains; net/netfilter/xt_recent.c;
 * net/netfilter/ipvs/ip_vs_core.c, ip_vs_sched_persist). Nothing is shared between nodes, so that a client that enters by several
 * nodes may be bound to a pod on each.
 *
 * Left out: list entries of several services whose endpoints are one pod; templates that outlive their last flow by the time-out of
 * that flow's own entry.
 */

import { NO_POD } from '../../cluster/pods.js';
import { AFFINITY_RULES } from '../../versions/affinity-rules.js';
import { distinctPods, requestsVariation } from './long-lived-connections.js';

/** The memory of one node for one service. Clients are numbers, one for each address. */
export interface ClientAffinity {
  /** The pod among `pods` that the client is bound to, or NO_POD. */
  boundTo(client: number, pods: Int32Array, nowNs: number): number;
  /** A new flow of the client goes to the pod, answered or not. */
  bind(client: number, pod: number, nowNs: number): void;
  /** Flows of the client to the pod that are open: one more or one less. */
  countFlow(client: number, pod: number, change: 1 | -1): void;
  /** The rules have the pod no longer. */
  forget(pod: number): void;
}

/** For the modes whose kernel part this is. */
export function createClientAffinity(mode: 'iptables' | 'nftables' | 'ipvs', timeoutNs: number): ClientAffinity {
  if (mode === 'ipvs') return new PersistenceTemplates(timeoutNs);
  return mode === 'iptables'
    ? new EndpointLists(timeoutNs, AFFINITY_RULES.recentListEntries.value, 'evictOldest')
    : new EndpointLists(timeoutNs, AFFINITY_RULES.nftablesSetElements.value, 'refuse');
}

/** A list of clients for each endpoint. A client that was chosen for again may stand in several. */
export class EndpointLists implements ClientAffinity {
  readonly #timeoutNs: number;
  readonly #capacity: number;
  readonly #whenFull: 'evictOldest' | 'refuse';
  /** By pod: time of the last flow by client, in the order of these times. */
  readonly #lists = new Map<number, Map<number, number>>();
  /** By client: the pods in whose lists it stands. Mostly one, and most clients would else be looked for in every list. */
  readonly #podsOf = new Map<number, number[]>();

  constructor(timeoutNs: number, capacity: number, whenFull: 'evictOldest' | 'refuse') {
    this.#timeoutNs = timeoutNs;
    this.#capacity = capacity;
    this.#whenFull = whenFull;
  }

  boundTo(client: number, pods: Int32Array, nowNs: number): number {
    const candidates = this.#podsOf.get(client);
    if (candidates === undefined) return NO_POD;
    let first = Infinity;
    for (const pod of candidates) {
      if (nowNs - this.#lists.get(pod)!.get(client)! >= this.#timeoutNs) continue;
      const position = pods.indexOf(pod);
      if (position >= 0 && position < first) first = position;
    }
    return first === Infinity ? NO_POD : pods[first]!;
  }

  bind(client: number, pod: number, nowNs: number): void {
    let list = this.#lists.get(pod);
    if (list === undefined) this.#lists.set(pod, (list = new Map<number, number>()));
    // To the end, where the latest stand.
    const isListed = list.delete(client);
    for (const [other, lastNs] of list) {
      const isExpired = nowNs - lastNs >= this.#timeoutNs;
      const isEvicted = list.size >= this.#capacity && this.#whenFull === 'evictOldest';
      if (!isExpired && !isEvicted) break;
      list.delete(other);
      this.#remove(other, pod);
    }
    if (!isListed) {
      if (list.size >= this.#capacity) return;
      const pods = this.#podsOf.get(client);
      if (pods === undefined) this.#podsOf.set(client, [pod]);
      else pods.push(pod);
    }
    list.set(client, nowNs);
  }

  countFlow(): void {}

  forget(pod: number): void {
    const list = this.#lists.get(pod);
    if (list === undefined) return;
    this.#lists.delete(pod);
    for (const client of list.keys()) this.#remove(client, pod);
  }

  #remove(client: number, pod: number): void {
    const pods = this.#podsOf.get(client)!;
    if (pods.length === 1) this.#podsOf.delete(client);
    else pods.splice(pods.indexOf(pod), 1);
  }
}

interface Template {
  pod: number;
  lastNs: number;
  openFlows: number;
}

/** One template for each client. */
export class PersistenceTemplates implements ClientAffinity {
  readonly #timeoutNs: number;
  readonly #templates = new Map<number, Template>();

  constructor(timeoutNs: number) {
    this.#timeoutNs = timeoutNs;
  }

  boundTo(client: number, pods: Int32Array, nowNs: number): number {
    const template = this.#templates.get(client);
    if (template === undefined) return NO_POD;
    const { pod, lastNs, openFlows } = template;
    const isExpired = nowNs - lastNs >= this.#timeoutNs && openFlows === 0;
    // expire_quiescent_template: a server that takes no new flows loses its templates too.
    return isExpired || !pods.includes(pod) ? NO_POD : pod;
  }

  bind(client: number, pod: number, nowNs: number): void {
    const template = this.#templates.get(client);
    if (template === undefined) {
      this.#templates.set(client, { pod, lastNs: nowNs, openFlows: 0 });
      return;
    }
    if (template.pod !== pod) {
      template.pod = pod;
      template.openFlows = 0;
    }
    template.lastNs = nowNs;
  }

  countFlow(client: number, pod: number, change: 1 | -1): void {
    const template = this.#templates.get(client);
    // Flows of a template before this one hold nothing.
    if (template?.pod === pod) template.openFlows = Math.max(0, template.openFlows + change);
  }

  forget(pod: number): void {
    for (const [client, template] of this.#templates) if (template.pod === pod) this.#templates.delete(client);
  }
}

/**
 * Coefficient of variation of the load of pods, when so many clients with one address each are bound to a pod that was chosen
 * uniformly, and are alike. One address, such as that of a gateway, goes to one pod: the square root of pods - 1.
 */
export const affinityVariation = (pods: number, clients: number): number => requestsVariation(pods, clients, 0);

/** Mean number of pods that a client is bound to which enters the cluster by so many nodes. */
export const podsOfClient = (pods: number, entryNodes: number): number => distinctPods(pods, entryNodes);
