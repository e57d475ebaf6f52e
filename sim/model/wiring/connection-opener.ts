/**
 * How clients whose connections are followed one by one open them.
 *
 *   routes by the rules of nodes, kube-proxy settings and services --choices of nodes--, acceptance of pods --> ConnectionOpener
 */

import type { ServiceShape } from '../cluster/service-shape.js';
import type { KubeProxySettings } from '../kube-proxy-settings.js';
import type { ConnectionRoutes } from '../traffic/connection-routes.js';
import { BackendChoices } from '../traffic/connections/backend-choices.js';
import { ConnectionOpener } from '../traffic/connections/connection-opener.js';
import type { ChoiceSettings } from '../traffic/connections/create-backend-choice.js';
import type { ConntrackChance } from '../traffic/conntrack-chance.js';
import type { PodAcceptance } from '../traffic/pod-acceptance.js';
import { AFFINITY_RULES } from '../versions/affinity-rules.js';
import { type ClusterContext, ns } from './context.js';

/** How nodes choose a pod for a new flow to a service of this shape. */
export const choiceSettings = ({ mode, ipvs }: KubeProxySettings, shape: ServiceShape): ChoiceSettings => ({
  // Who resolves a name takes any of its addresses: DNS shuffles them.
  mode: shape.type === 'Headless' ? 'iptables' : mode,
  ipvsScheduler: ipvs.scheduler,
  protocol: shape.protocol,
  affinityTimeoutNs:
    shape.sessionAffinity === 'ClientIP' && shape.type !== 'Headless' ? ns(AFFINITY_RULES.defaultTimeout.value) : null,
});

export function createConnectionOpener(
  { scenario, services, streams }: ClusterContext,
  routes: ConnectionRoutes,
  acceptance: PodAcceptance,
  conntrack: ConntrackChance,
): ConnectionOpener {
  const acceptanceOf = acceptance.of.bind(acceptance);
  const choices = new BackendChoices(
    (service) => choiceSettings(scenario.kubeProxy, services.shapeOf(service)),
    streams.hash('order of endpoints in userspace mode'),
    acceptanceOf,
  );
  return new ConnectionOpener(routes, choices, acceptanceOf, conntrack);
}
