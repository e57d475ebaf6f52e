/** Spec -> Scenario: what runs pods, and what happens to their nodes. */

import type { Constant } from '../model/versions/provenance.js';
import type { VersionProfile } from '../model/versions/profiles.js';
import type { IntOrPercent, NodeChoice, NodeShare, Scenario } from '../model/scenario.js';
import type { Spec } from './schema.js';

const NS_PER_SECOND = 1e9;

/** The value that the file gives (null being "unlimited"), or the default. */
export const or = <Value>(given: Value | undefined, defaultValue: Constant<Value>): Value =>
  given === undefined ? defaultValue.value : given;

export const nodeLifecycle = (
  given: NonNullable<NonNullable<Spec['controlPlane']>['controllerManager']>,
  defaults: VersionProfile['controlPlane']['controllerManager'],
) => ({
  nodeMonitorPeriodNs: or(given.nodeMonitorPeriod, defaults.nodeMonitorPeriodNs),
  nodeMonitorGracePeriodNs: or(given.nodeMonitorGracePeriod, defaults.nodeMonitorGracePeriodNs),
  nodeEvictionRate: or(given.nodeEvictionRate, defaults.nodeEvictionRate),
  secondaryNodeEvictionRate: or(given.secondaryNodeEvictionRate, defaults.secondaryNodeEvictionRate),
  unhealthyZoneThreshold: or(given.unhealthyZoneThreshold, defaults.unhealthyZoneThreshold),
  largeClusterSizeThreshold: or(given.largeClusterSizeThreshold, defaults.largeClusterSizeThreshold),
});

export const kubelet = (
  given: NonNullable<Spec['kubelet']>,
  defaults: VersionProfile['kubelet'],
): Scenario['kubelet'] => ({
  kubeApiQps: or(given.kubeApiQps, defaults.kubeApiQps),
  kubeApiBurst: or(given.kubeApiBurst, defaults.kubeApiBurst),
  nodeLeaseDurationSeconds: or(given.nodeLeaseDurationSeconds, defaults.nodeLeaseDurationSeconds),
  nodeStatusUpdateFrequencyNs: or(given.nodeStatusUpdateFrequency, defaults.nodeStatusUpdateFrequencyNs),
  nodeStatusReportFrequencyNs: or(given.nodeStatusReportFrequency, defaults.nodeStatusReportFrequencyNs),
  immediateReadinessProbe: or(given.immediateReadinessProbe, defaults.immediateReadinessProbe),
});

type TerminationSpec = Pick<NonNullable<Spec['pods']>, 'terminationGracePeriodSeconds' | 'preStop'>;

/** What a service group says of its pods' end, else what `pods` says of all, else the default. */
export const termination = (
  group: TerminationSpec | undefined,
  pods: TerminationSpec | undefined,
  { pods: defaults }: VersionProfile,
): Pick<Scenario['pods'], 'terminationGracePeriodSeconds' | 'preStop'> => ({
  terminationGracePeriodSeconds: or(
    group?.terminationGracePeriodSeconds ?? pods?.terminationGracePeriodSeconds,
    defaults.terminationGracePeriodSeconds,
  ),
  preStop: { sleepNs: or(group?.preStop?.sleep ?? pods?.preStop?.sleep, defaults.preStop.sleepNs) },
});

export const readinessProbe = (
  given: Spec['services'][number]['readinessProbe'],
  { readinessProbe: defaults }: VersionProfile,
): Scenario['services'][number]['readinessProbe'] =>
  given === undefined
    ? null
    : {
        initialDelayNs: or(given.initialDelaySeconds, defaults.initialDelaySeconds) * NS_PER_SECOND,
        periodNs: or(given.periodSeconds, defaults.periodSeconds) * NS_PER_SECOND,
        timeoutNs: or(given.timeoutSeconds, defaults.timeoutSeconds) * NS_PER_SECOND,
        successThreshold: or(given.successThreshold, defaults.successThreshold),
        failureThreshold: or(given.failureThreshold, defaults.failureThreshold),
      };

export const nodeChoice = ({ nodes, zone }: { nodes?: number | undefined; zone?: number | undefined }): NodeChoice =>
  zone === undefined ? { count: nodes ?? 0 } : { zone };

export const nodeShare = ({
  nodes,
  zone,
}: {
  nodes?: IntOrPercent | undefined;
  zone?: number | undefined;
}): NodeShare => (zone === undefined ? (nodes ?? { absolute: 0 }) : { zone });
