/** Rules between autoscalers and the rest of a scenario. */

import type { AutoscalerSettings, Scenario } from '../model/scenario.js';
import { formatDuration, quote } from '../units.js';
import { contradiction, when, type Rule } from './contradictions.js';
import type { Finding, Path } from './findings.js';

export const AUTOSCALER_RULES: readonly Rule[] = [
  { reads: ['autoscalers'], check: ({ autoscalers }) => autoscalers.flatMap(checkSettings) },
  { reads: ['autoscalers', 'services'], check: checkTargets },
  { reads: ['autoscalers', 'duration'], check: checkEnd },
];

const pathOf = (index: number, ...fields: Path): Path => ['autoscalers', index, ...fields];

function checkSettings({ minReplicas, maxReplicas, ...settings }: AutoscalerSettings, index: number): Finding[] {
  const { load, behavior, targetUtilizationPercent } = settings;
  return [
    ...when(minReplicas > maxReplicas, () =>
      contradiction(
        pathOf(index, 'maxReplicas'),
        `the maxReplicas of ${maxReplicas} is below the minReplicas of ${minReplicas}`,
      ),
    ),
    ...when(targetUtilizationPercent < 1, () =>
      contradiction(pathOf(index, 'targetUtilization'), 'a target is a whole percentage, 1% or more'),
    ),
    ...load.flatMap(({ atNs }, step) => {
      const beforeNs = load[step - 1]?.atNs ?? -1;
      return when(atNs <= beforeNs, () =>
        contradiction(
          pathOf(index, 'load', step, 'at'),
          `the step at ${formatDuration(atNs)} is not after the one at ${formatDuration(beforeNs)}`,
        ),
      );
    }),
    ...(['scaleUp', 'scaleDown'] as const).flatMap((direction) =>
      when(behavior?.[direction].policies.length === 0, () =>
        contradiction(
          pathOf(index, 'behavior', direction, 'policies'),
          'a direction has at least one policy',
          'leave "policies" out for the defaults, or write "selectPolicy: Disabled"',
        ),
      ),
    ),
  ];
}

/** One autoscaler for each Deployment, and pods for it to scale: at 0 replicas it is off. */
function checkTargets({ autoscalers, services }: Scenario): Finding[] {
  return autoscalers.flatMap(({ service }, index) => {
    const group = services.find(({ name }) => name === service);
    return [
      ...when(autoscalers.findIndex((other) => other.service === service) < index, () =>
        contradiction(pathOf(index, 'service'), `the service ${quote(service)} has another autoscaler`),
      ),
      ...when(group?.selector === false, () =>
        contradiction(
          pathOf(index, 'service'),
          `the service ${quote(service)} has no selector, and so no pods to scale`,
        ),
      ),
      ...when(group?.endpoints === 0, (): Finding => ({
        code: 'KH021',
        path: pathOf(index, 'service'),
        message: `the service ${quote(service)} has no pods at the start: an autoscaler is off at 0 replicas`,
        suggestion: 'give it endpoints',
      })),
    ];
  });
}

/** Autoscalers sync for as long as the run lasts. */
function checkEnd({ autoscalers, durationNs }: Scenario): Finding[] {
  if (autoscalers.length === 0) return [];
  if (durationNs === null) {
    return [
      contradiction(
        ['autoscalers'],
        'autoscalers in a scenario without a duration never end',
        'add "duration: 10m" at the top of the file',
      ),
    ];
  }
  return autoscalers.flatMap(({ load }, index) =>
    load.flatMap(({ atNs }, step) =>
      when(atNs >= durationNs, () =>
        contradiction(
          pathOf(index, 'load', step, 'at'),
          `the load step at ${formatDuration(atNs)} would never come: the duration is ${formatDuration(durationNs)}`,
        ),
      ),
    ),
  );
}
