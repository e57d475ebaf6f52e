/**
 * External load balancers, wired into a world: which services have one, from when on, and who keeps their pools.
 *
 *   service created --> service controller --provisioned--> its load balancer starts
 *   readiness of nodes --> node set (before StableLoadBalancerNodeSet) --> pools
 *   create(service) --> LoadBalancer, by provider
 *
 * What tells a load balancer how nodes answer, and asks it for weights, is the traffic that somebody sends through it: without
 * clients from outside none is created here.
 */

import { lognormalFromMedianP99 } from '../../kernel/distributions.js';
import type { CounterHash } from '../../kernel/random.js';
import type { MetricName } from '../../metrics.js';
import { Histogram } from '../../stats/histogram.js';
import { ServiceController } from '../controlplane/service-controller.js';
import type { LoadBalancerSettings } from '../load-balancer-settings.js';
import { CloudLoadBalancer } from '../traffic/load-balancers/cloud-load-balancer.js';
import type { LoadBalancer } from '../traffic/load-balancers/load-balancer.js';
import type { NodeCheck } from '../traffic/load-balancers/node-answer.js';
import { LoadBalancerNodeSet } from '../traffic/load-balancers/node-set.js';
import { UntilProvisioned } from '../traffic/load-balancers/until-provisioned.js';
import { SERVICE_CONTROLLER_RULES } from '../versions/service-controller-rules.js';
import { type EndpointContext, NS_PER_SECOND, ns } from './context.js';
import { MetallbServices } from './metallb.js';

const { minRetryDelay, maxRetryDelay, nodeSyncPeriod } = SERVICE_CONTROLLER_RULES;

/** null: no service has a load balancer. `isNodeReady`: what the Node says. */
export const createLoadBalancers = (
  context: EndpointContext,
  isNodeReady: (node: number) => boolean,
): LoadBalancers | null =>
  context.scenario.services.some(({ loadBalancer }) => loadBalancer !== null)
    ? new LoadBalancers(context, isNodeReady)
    : null;

export class LoadBalancers {
  readonly #context: EndpointContext;
  readonly #isNodeReady: (node: number) => boolean;
  readonly #metallb: MetallbServices;
  /** null: no service is created in the run that has a load balancer. */
  readonly #controller: ServiceController | null;
  /** null: nodes stay in the pools, or there is no pool yet. */
  #nodeSet: LoadBalancerNodeSet | null = null;
  /** When targets are checked. */
  readonly #phases: CounterHash;
  /** Those that wait for their provider. */
  readonly #absent = new Map<number, UntilProvisioned>();
  readonly #provisioning = new Histogram();

  constructor(context: EndpointContext, isNodeReady: (node: number) => boolean) {
    this.#context = context;
    this.#isNodeReady = isNodeReady;
    this.#phases = context.streams.hash('load-balancer-check');
    this.#metallb = new MetallbServices(context);
    const created = [...context.absentServices].some((service) => this.settingsOf(service) !== null);
    this.#controller = created ? this.#createController() : null;
  }

  /** null: the service has no load balancer. */
  settingsOf(service: number): LoadBalancerSettings | null {
    const { scenario, services } = this.#context;
    return scenario.services[services.group[service]!]!.loadBalancer;
  }

  /** The load balancer in front of the service; null: it has none. Call once for each service, before the run. */
  create(service: number): LoadBalancer | null {
    const settings = this.settingsOf(service);
    if (settings === null) return null;
    const loadBalancer = this.#createByProvider(service, settings);
    if (!this.#context.absentServices.has(service) && !this.#metallb.isPending(service)) return loadBalancer;
    const later = new UntilProvisioned(loadBalancer);
    this.#absent.set(service, later);
    return later;
  }

  /** What its load balancer asks nodes; null: it has none. */
  checkOf(service: number): NodeCheck | null {
    const settings = this.settingsOf(service);
    if (settings === null) return null;
    // With pods as targets a node only has to be there: pods answer for themselves.
    if (settings.targetType === 'ip') return { protocol: 'HTTP', externalTrafficPolicy: 'Cluster' };
    const { externalTrafficPolicy } = this.#context.services.shapeOf(service);
    return { protocol: settings.healthCheck.protocol, externalTrafficPolicy };
  }

  /** The informers show a service that was created at `createdNs`. */
  serviceCreated(service: number, createdNs: number): void {
    if (this.settingsOf(service) === null || this.#metallb.isPending(service)) return;
    this.#controller!.serviceCreated(service, createdNs);
  }

  /** The readiness of some node has changed. */
  nodesChanged(): void {
    this.#nodeSet?.nodesChanged();
  }

  /** Nothing when no load balancer was set up in the run. */
  distributions(): Partial<Record<MetricName, Histogram>> {
    return this.#controller === null ? {} : { load_balancer_provisioning_seconds: this.#provisioning };
  }

  /** What a user should know at the end. */
  get warnings(): readonly string[] {
    const { pending } = this.#metallb;
    if (pending === 0) return [];
    const those = pending === 1 ? '1 service has' : `${pending} services have`;
    return [
      `${those} no external address: the address pool of MetalLB is empty. Requests from outside do not reach them.`,
    ];
  }

  #createByProvider(service: number, settings: LoadBalancerSettings): LoadBalancer {
    switch (settings.provider) {
      case 'gce':
      case 'aws-nlb':
      case 'aws-clb':
      case 'azure':
      case 'generic':
        return this.#createCloudLoadBalancer(service, settings);
      case 'metallb-layer2':
      case 'metallb-bgp':
        return this.#metallb.create(service, settings);
    }
  }

  #createCloudLoadBalancer(service: number, settings: LoadBalancerSettings): CloudLoadBalancer {
    const { simulation, nodes, services, scenario } = this.#context;
    const loadBalancer = new CloudLoadBalancer(simulation, {
      service,
      nodes: nodes.count,
      settings,
      externalTrafficPolicy: services.shapeOf(service).externalTrafficPolicy,
      isInPool: (node) => this.#nodeSet?.has(node) ?? true,
      phases: this.#phases,
    });
    if (scenario.controlPlane.cloudControllerManager.stableLoadBalancerNodeSet) return loadBalancer;
    this.#nodeSet ??= this.#createNodeSet();
    this.#nodeSet.onChanged((node, isIn) => loadBalancer.setInPool(node, isIn));
    return loadBalancer;
  }

  #createNodeSet(): LoadBalancerNodeSet {
    const { simulation, streams, nodes } = this.#context;
    const periodNs = ns(nodeSyncPeriod.value);
    const phaseNs = Math.floor(streams.hash('load-balancer-node-sync').uniform(0, 0) * periodNs);
    return new LoadBalancerNodeSet(simulation, nodes.count, periodNs, phaseNs, this.#isNodeReady);
  }

  #createController(): ServiceController {
    const { simulation, scenario, streams, services, apiServers, etcd } = this.#context;
    const times = streams.hash('load-balancer-provisioning');
    const failures = streams.hash('load-balancer-provisioning-failure');
    const client = apiServers.client('cloud-controller-manager', 'workload-high');
    const latency = etcd.writesOf('load-balancer-status');
    const controller = new ServiceController(
      simulation,
      {
        services: services.count,
        workers: scenario.controlPlane.cloudControllerManager.concurrentServiceSyncs,
        minRetryDelayNs: ns(minRetryDelay.value),
        maxRetryDelayNs: ns(maxRetryDelay.value),
      },
      {
        callNs: (service, attempt) => {
          const { median, p99 } = this.settingsOf(service)!.provisioningNs;
          return Math.round(lognormalFromMedianP99(times.uniform(service, attempt), median, p99));
        },
        fails: (service, attempt) =>
          failures.uniform(service, attempt) < this.settingsOf(service)!.provisioningFailureShare,
      },
      (service, written) => client.write(0, 'services', simulation.nowNs, latency.ns(service, 0), written, service),
    );
    controller.onProvisioned((service, createdNs) => {
      this.#provisioning.record((simulation.nowNs - createdNs) / NS_PER_SECOND);
      this.#absent.get(service)?.provisioned();
    });
    return controller;
  }
}
