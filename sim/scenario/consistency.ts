/**
 * Rules between settings, checked on the normalized scenario, as a default can contradict what the file says. Each rule
 * names the sections of the file that it reads: one that has a mistake of its own silences the rule, and no other rule.
 */

import { leaseRenewalIntervalNs } from '../model/node/heartbeats.js';
import { formatDuration, quote } from '../units.js';
import { AUTOSCALER_RULES } from './autoscaler-rules.js';
import { CLIENT_RULES } from './client-rules.js';
import { checkDistribution, contradiction, when, type Rule } from './contradictions.js';
import { ENDPOINT_SETTING_RULES } from './endpoint-setting-rules.js';
import type { Finding, Path } from './findings.js';
import type { Scenario, WorkloadAction } from '../model/scenario.js';
import { LEADER_ELECTION_RULES } from '../model/versions/rules.js';
import { KUBE_PROXY_RULES } from './kube-proxy-rules.js';
import { MAX_PODS } from './limits.js';
import { MAX_SERVICES, type SectionName } from './schema.js';
import { LOAD_BALANCER_RULES } from './load-balancer-rules.js';
import { METALLB_RULES } from './metallb-rules.js';
import { NODE_TRAFFIC_RULES } from './node-traffic-rules.js';
import { SELECTOR_RULES } from './selector-rules.js';
import { SERVICE_SHAPE_RULES } from './service-shape-rules.js';
import { SERVICE_TYPE_RULES } from './service-type-rules.js';

export const checkConsistency = (scenario: Scenario, isBroken: (section: SectionName) => boolean): Finding[] =>
  RULES.filter(({ reads }) => !reads.some(isBroken)).flatMap(({ check }) => check(scenario));

const tooMany = (message: string): Finding => ({ code: 'KH022', path: ['services'], message, suggestion: null });

const RULES: readonly Rule[] = [
  {
    reads: ['replications'],
    check: ({ replications: { min, max, precision } }) => [
      ...when(min > max, () => contradiction(['replications', 'max'], `the max of ${max} is below the min of ${min}`)),
      ...when(min < max && precision === null, () =>
        contradiction(
          ['replications', 'max'],
          'a max above the min is never reached without a precision',
          'add a precision, such as "precision: 5%", or write one number',
        ),
      ),
      ...when(precision !== null && max < 2, () =>
        contradiction(['replications', 'max'], 'one replication has no interval, and so never reaches a precision'),
      ),
    ],
  },
  {
    reads: ['cluster'],
    check: ({ cluster: { apiServerToNodeLatencyNs: latencyNs } }) =>
      when(latencyNs.min > latencyNs.max, () =>
        contradiction(
          ['cluster', 'apiServerToNodeLatency', 'min'],
          `the min of ${formatDuration(latencyNs.min)} is above the max of ${formatDuration(latencyNs.max)}`,
        ),
      ),
  },
  {
    reads: ['controlPlane'],
    check: ({ controlPlane }) =>
      checkDistribution(['controlPlane', 'etcd', 'writeLatency'], controlPlane.etcd.writeLatencyNs),
  },
  {
    reads: ['controlPlane'],
    // client-go refuses to elect with such a configuration.
    check: ({ controlPlane: { controllerManager } }) => {
      const { leaderElectLeaseDurationNs, leaderElectRenewDeadlineNs, leaderElectRetryPeriodNs } = controllerManager;
      const longestPollNs = leaderElectRetryPeriodNs * LEADER_ELECTION_RULES.retryJitterFactor.value;
      const path = ['controlPlane', 'controllerManager', 'leaderElectRenewDeadline'];
      const deadline = `the leaderElectRenewDeadline of ${formatDuration(leaderElectRenewDeadlineNs)}`;
      return [
        ...when(leaderElectRenewDeadlineNs >= leaderElectLeaseDurationNs, () =>
          contradiction(
            path,
            `${deadline} is not below the leaderElectLeaseDuration of ${formatDuration(leaderElectLeaseDurationNs)}`,
          ),
        ),
        ...when(leaderElectRenewDeadlineNs <= longestPollNs, () =>
          contradiction(
            path,
            `${deadline} is not above 1.2 times the leaderElectRetryPeriod of ${formatDuration(leaderElectRetryPeriodNs)}`,
          ),
        ),
      ];
    },
  },
  {
    reads: ['kubeProxy'],
    // kube-proxy refuses to start with such a configuration.
    check: ({ kubeProxy: { minSyncPeriodNs, syncPeriodNs } }) =>
      when(minSyncPeriodNs > syncPeriodNs, () =>
        contradiction(
          ['kubeProxy', 'minSyncPeriod'],
          `the minSyncPeriod of ${formatDuration(minSyncPeriodNs)} is above the syncPeriod of ${formatDuration(syncPeriodNs)}`,
        ),
      ),
  },
  {
    reads: ['pods'],
    check: ({ pods }) => [
      ...checkDistribution(['pods', 'startup'], pods.startupNs),
      ...checkDistribution(['pods', 'shutdown'], pods.shutdownNs),
    ],
  },
  {
    reads: ['wire'],
    check: ({ wire: { bytesPerEndpoint, minObjectBytes } }) =>
      when(minObjectBytes > 0 && bytesPerEndpoint === null, () =>
        contradiction(
          ['wire', 'minObjectBytes'],
          'minObjectBytes holds only for sizes of bytesPerEndpoint, which is not set',
          'set bytesPerEndpoint, or remove minObjectBytes',
        ),
      ),
  },
  {
    reads: ['services', 'workload', 'autoscalers'],
    check: ({ services, workload, autoscalers }) => {
      const serviceCount = services.reduce((sum, { count }) => sum + count, 0);
      const podCount = services.reduce((sum, { name, count, endpoints }) => {
        const targets = [
          ...workload.map((action) => (action.kind === 'scale' && action.service === name ? action.to : 0)),
          ...autoscalers.map(({ service, maxReplicas }) => (service === name ? maxReplicas : 0)),
        ];
        return sum + count * targets.reduce((most, target) => Math.max(most, target), endpoints);
      }, 0);
      return [
        ...when(serviceCount > MAX_SERVICES, () => tooMany(`${serviceCount} services are more than ${MAX_SERVICES}`)),
        ...when(podCount > MAX_PODS, () => tooMany(`${podCount} pods are more than ${MAX_PODS}`)),
      ];
    },
  },
  {
    reads: ['workload', 'autoscalers', 'clients', 'nodeTraffic'],
    check: ({ workload, autoscalers, clients, nodeTraffic }) =>
      when(workload.length === 0 && autoscalers.length === 0 && clients.length === 0 && nodeTraffic === null, () => ({
        code: 'KH021',
        path: ['workload'],
        message: 'the workload is empty: nothing would change, and nothing be measured',
        suggestion: null,
      })),
  },
  { reads: ['duration', 'workload'], check: checkTimes },
  { reads: ['services', 'workload'], check: checkPodsToActOn },
  { reads: ['workload'], check: checkCreation },
  { reads: ['cluster', 'workload'], check: checkNodes },
  {
    reads: ['controlPlane', 'kubelet'],
    check: ({ controlPlane: { controllerManager }, kubelet }) =>
      when(controllerManager.nodeMonitorGracePeriodNs <= leaseRenewalIntervalNs(kubelet), () =>
        contradiction(
          ['controlPlane', 'controllerManager', 'nodeMonitorGracePeriod'],
          `the nodeMonitorGracePeriod of ${formatDuration(controllerManager.nodeMonitorGracePeriodNs)} is over before a lease of ${kubelet.nodeLeaseDurationSeconds} s is renewed: every node would be lost for ever and again`,
        ),
      ),
  },
  { reads: ['services'], check: checkPodManagement },
  { reads: ['controlPlane', 'services', 'workload'], check: checkRollouts },
  ...SELECTOR_RULES,
  ...ENDPOINT_SETTING_RULES,
  ...SERVICE_SHAPE_RULES,
  ...SERVICE_TYPE_RULES,
  ...KUBE_PROXY_RULES,
  ...AUTOSCALER_RULES,
  ...CLIENT_RULES,
  ...LOAD_BALANCER_RULES,
  ...METALLB_RULES,
  ...NODE_TRAFFIC_RULES,
  { reads: ['controlPlane', 'cluster', 'workload'], check: checkWatchFaults },
  {
    reads: ['workload'],
    check: ({ workload }) =>
      workload.flatMap((action, index) =>
        when(action.kind === 'slowEtcd' && action.factor < 1, () =>
          contradiction([...pathOf(action, index), 'factor'], 'a factor below 1 would make etcd faster'),
        ),
      ),
  },
];

/** Path of an action in the file. */
const pathOf = (action: WorkloadAction, index: number): Path => ['workload', index, action.kind];

function checkTimes({ durationNs, workload }: Scenario): Finding[] {
  return workload.flatMap((action, index) => {
    if (durationNs === null) {
      return when(action.kind === 'churn' && action.forNs === null, () =>
        contradiction(
          pathOf(action, index),
          'churn without an end in a scenario without a duration never ends',
          'add "for: 10m" to the churn, or "duration: 10m" at the top of the file',
        ),
      );
    }
    return when(action.atNs >= durationNs, () =>
      contradiction(
        ['workload', index, 'at'],
        `the action at ${formatDuration(action.atNs)} would never start: the duration is ${formatDuration(durationNs)}`,
      ),
    );
  });
}

/** Pods come from the start, or from a `scale` that is due before. */
function checkPodsToActOn({ services, workload }: Scenario): Finding[] {
  const hasPods = (service: string, atNs: number): boolean =>
    services.some(({ name, endpoints, selector }) => name === service && selector && endpoints > 0) ||
    workload.some((other) => other.kind === 'scale' && other.service === service && other.to > 0 && other.atNs <= atNs);

  return workload.flatMap((action, index) => {
    switch (action.kind) {
      case 'rollingUpdate':
      case 'replaceEach':
      case 'podChange':
        return when(
          services.some(
            ({ name, selector, shape }) => name === action.service && selector && shape.type !== 'ExternalName',
          ) && !hasPods(action.service, action.atNs),
          () => ({
            code: 'KH021',
            path: [...pathOf(action, index), 'service'],
            message: `the service ${quote(action.service)} has no pods at that time`,
            suggestion: 'give it endpoints, or add a "scale" before',
          }),
        );
      case 'churn': {
        const taking = action.services.length === 0 ? services.map(({ name }) => name) : action.services;
        return when(!taking.some((service) => hasPods(service, action.atNs)), () => ({
          code: 'KH021',
          path: pathOf(action, index),
          message: 'none of the services has pods that could be replaced at that time',
          suggestion: null,
        }));
      }
      case 'scale':
      case 'editEndpoints':
      case 'createService':
      case 'loseNodes':
      case 'restartNodes':
      case 'failOverControllerManager':
      case 'restartApiServer':
      case 'slowWatchers':
      case 'slowEtcd':
      case 'restartKubeProxy':
      case 'failSyncs':
        return [];
    }
  });
}

/** A service is created once, and nothing happens to it before. */
function checkCreation({ workload }: Scenario): Finding[] {
  return workload.flatMap((creation, created) => {
    if (creation.kind !== 'createService') return [];
    return workload.flatMap((action, index) => {
      if (index === created || !('service' in action) || action.service !== creation.service) return [];
      if (action.kind === 'createService') {
        return when(index > created, () =>
          contradiction(pathOf(action, index), `the service ${quote(action.service)} is created a second time`),
        );
      }
      return when(action.atNs < creation.atNs, () =>
        contradiction(
          ['workload', index, 'at'],
          `at ${formatDuration(action.atNs)} the service ${quote(action.service)} does not exist: it is created at ${formatDuration(creation.atNs)}`,
        ),
      );
    });
  });
}

/** Nodes and zones that faults name are there. */
function checkNodes({ cluster, workload }: Scenario): Finding[] {
  return workload.flatMap((action, index) => {
    if (action.kind !== 'loseNodes' && action.kind !== 'restartNodes') return [];
    if ('zone' in action.nodes) {
      const zones = Math.min(cluster.zones, cluster.nodes);
      return when(action.nodes.zone >= zones, () =>
        contradiction(
          [...pathOf(action, index), 'zone'],
          `there is no such zone: zones are numbered from 0 to ${zones - 1}`,
        ),
      );
    }
    const { count } = action.nodes;
    return when(count > cluster.nodes, () =>
      contradiction([...pathOf(action, index), 'nodes'], `${count} nodes are more than the cluster's ${cluster.nodes}`),
    );
  });
}

/** Fields that only a StatefulSet has. */
function checkPodManagement({ services }: Scenario): Finding[] {
  return services.flatMap(({ controller, podManagementPolicy }, index) =>
    when(controller === 'Deployment' && podManagementPolicy !== 'OrderedReady', () =>
      contradiction(
        ['services', index, 'podManagementPolicy'],
        'a Deployment has no podManagementPolicy',
        'add "controller: StatefulSet"',
      ),
    ),
  );
}

/** Fields of a rolling update that the service's Deployment or StatefulSet does not have. */
function checkRollouts({ controlPlane, services, workload }: Scenario): Finding[] {
  const { maxUnavailableStatefulSet } = controlPlane.controllerManager;
  return workload.flatMap((action, index) => {
    if (action.kind !== 'rollingUpdate') return [];
    const group = services.find(({ name }) => name === action.service);
    if (group === undefined) return [];
    const path = pathOf(action, index);
    if (group.controller === 'Deployment') {
      return when(action.partition > 0, () =>
        contradiction(
          [...path, 'partition'],
          `a Deployment has no partition, and ${quote(action.service)} is run by one`,
          'remove it, or add "controller: StatefulSet" to the service',
        ),
      );
    }
    const isOne = 'absolute' in action.maxUnavailable && action.maxUnavailable.absolute === 1;
    const isZero = 'absolute' in action.maxUnavailable && action.maxUnavailable.absolute === 0;
    return [
      ...when(action.strategy === 'Recreate', () =>
        contradiction([...path, 'strategy'], `the StatefulSet of ${quote(action.service)} has no strategy Recreate`),
      ),
      ...when(!('absolute' in action.maxSurge) || action.maxSurge.absolute > 0, () =>
        contradiction(
          [...path, 'maxSurge'],
          `the StatefulSet of ${quote(action.service)} has no maxSurge`,
          'remove it',
        ),
      ),
      ...when(isZero, () =>
        contradiction([...path, 'maxUnavailable'], 'a StatefulSet with a maxUnavailable of 0 is not valid'),
      ),
      ...when(!isOne && !isZero && !maxUnavailableStatefulSet, () =>
        contradiction(
          [...path, 'maxUnavailable'],
          'a StatefulSet ignores maxUnavailable without the feature gate, which is off by default before 1.35',
          'set controlPlane.controllerManager.maxUnavailableStatefulSet to true, or remove maxUnavailable',
        ),
      ),
    ];
  });
}

/** Faults of watches need the server and the nodes that they are about. */
function checkWatchFaults({ cluster, controlPlane, workload }: Scenario): Finding[] {
  const { replicas } = controlPlane.apiServer;
  return workload.flatMap((action, index) => {
    if (action.kind === 'restartApiServer') {
      return when(action.server >= replicas, () =>
        contradiction(
          [...pathOf(action, index), 'server'],
          `there is no API server ${action.server}: there ${replicas === 1 ? 'is 1' : `are ${replicas}`}, from 0 on`,
          'use a lower number, or raise controlPlane.apiServer.replicas',
        ),
      );
    }
    if (action.kind === 'slowWatchers') {
      const nodes = 'absolute' in action.nodes ? action.nodes.absolute : 0;
      return when(nodes > cluster.nodes, () =>
        contradiction(
          [...pathOf(action, index), 'nodes'],
          `${nodes} nodes are more than the ${cluster.nodes} there are`,
        ),
      );
    }
    return [];
  });
}
