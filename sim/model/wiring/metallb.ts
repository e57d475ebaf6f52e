/**
 * MetalLB, wired into a world: addresses for its services, and the speakers that announce them.
 *
 *   services with a MetalLB provider --> address pool --address--> layer 2: leader by address | BGP: routes of nodes
 *
 * Services that are there from the start have their addresses first, in their order; then those that the workload creates. One that
 * finds the pool empty is pending for the whole run, as no service is deleted.
 */

import type { Scenario } from '../scenario.js';
import { AddressPool } from '../traffic/load-balancers/address-pool.js';
import type { LoadBalancer } from '../traffic/load-balancers/load-balancer.js';
import { MetallbBgp } from '../traffic/load-balancers/metallb-bgp.js';
import { MetallbLayer2 } from '../traffic/load-balancers/metallb-layer2.js';
import { isMetallb, type LoadBalancerSettings } from '../load-balancer-settings.js';
import type { EndpointContext } from './context.js';

/** The name that the model gives to a node: the election of layer 2 mode hashes it. */
const nodeName = (node: number): string => `node-${node}`;

export class MetallbServices {
  readonly #context: EndpointContext;
  /** By service; null: pending. */
  readonly #addresses = new Map<number, string | null>();
  #layer2: MetallbLayer2 | null = null;
  #bgp: MetallbBgp | null = null;

  constructor(context: EndpointContext) {
    this.#context = context;
    this.#allocate();
  }

  /** Services that found no address left. */
  get pending(): number {
    let pending = 0;
    for (const address of this.#addresses.values()) if (address === null) pending++;
    return pending;
  }

  /** Whether the service, which need not be one of MetalLB, has found no address left. */
  isPending(service: number): boolean {
    return this.#addresses.get(service) === null;
  }

  /** What stands in front of a service that is not pending, or never comes to do so. */
  create(service: number, settings: LoadBalancerSettings): LoadBalancer {
    const { simulation, streams, nodes, services } = this.#context;
    const { layer2, bgp } = settings.metallb!;
    const policy = services.shapeOf(service).externalTrafficPolicy;
    if (settings.provider === 'metallb-bgp') {
      this.#bgp ??= new MetallbBgp(simulation, streams, nodes.count);
      return this.#bgp.create({ service, policy, settings: bgp, sourceAddresses: this.#hashedAddresses(service) });
    }
    this.#layer2 ??= new MetallbLayer2(
      simulation,
      streams,
      Array.from({ length: nodes.count }, (_, n) => nodeName(n)),
    );
    return this.#layer2.create({ service, policy, settings: layer2, address: this.#addresses.get(service) ?? '' });
  }

  #allocate(): void {
    const { scenario, services, absentServices } = this.#context;
    const pools = new Map<string, AddressPool>();
    for (const isAbsent of [false, true]) {
      for (let service = 0; service < services.count; service++) {
        const settings = settingsOf(scenario, services.group[service]!);
        if (settings === null || absentServices.has(service) !== isAbsent) continue;
        const { addressPool } = settings.metallb!;
        const key = JSON.stringify(addressPool);
        let pool = pools.get(key);
        if (pool === undefined) pools.set(key, (pool = new AddressPool(addressPool)));
        const own = { service, sharingKey: null, ports: [], localSelector: null };
        this.#addresses.set(service, pool.allocate(own));
      }
    }
  }

  /** Addresses of the clients of the service, if the router hashes nothing else; null: it hashes ports too. */
  #hashedAddresses(service: number): number | null {
    const { scenario, services } = this.#context;
    const group = scenario.services[services.group[service]!]!;
    const { flowHash } = group.loadBalancer!;
    if (flowHash === '5-tuple' || flowHash === 'round-robin') return null;
    const clients = scenario.clients.filter(({ service: name, from }) => name === group.name && from === 'outside');
    const addresses = clients.reduce((sum, { sourceAddresses }) => sum + sourceAddresses, 0);
    return addresses === 0 ? null : addresses;
  }
}

/** null: the services of the group are not MetalLB's. */
function settingsOf({ services }: Scenario, group: number): LoadBalancerSettings | null {
  const { loadBalancer } = services[group]!;
  return loadBalancer !== null && isMetallb(loadBalancer.provider) ? loadBalancer : null;
}
