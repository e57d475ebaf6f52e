/** Rules between services without selector and what is done to them. */

import type { Scenario, WorkloadAction } from '../model/scenario.js';
import { quote } from '../units.js';
import { contradiction, when, type Rule } from './contradictions.js';
import type { Finding } from './findings.js';

export const SELECTOR_RULES: readonly Rule[] = [
  { reads: ['services', 'workload'], check: checkSelectors },
  { reads: ['services'], check: checkControllers },
  { reads: ['services'], check: checkPlacement },
];

/** Nobody makes pods behind a service without selector. */
function checkControllers({ services }: Scenario): Finding[] {
  return services.flatMap(({ selector, controller }, index) =>
    when(!selector && controller === 'StatefulSet', () =>
      contradiction(['services', index, 'controller'], 'a service without selector has no pods, and so no StatefulSet'),
    ),
  );
}

/** The default says nothing about addresses that are no pods, and any other strategy would. */
function checkPlacement({ services }: Scenario): Finding[] {
  return services.flatMap(({ selector, placement }, index) =>
    when(!selector && placement !== 'even', () =>
      contradiction(['services', index, 'placement'], 'a service without selector has no pods that could be placed'),
    ),
  );
}

/** Pods behind services with a selector, addresses written by hand behind the others. */
function checkSelectors({ services, workload }: Scenario): Finding[] {
  const selectorOf = new Map(services.map(({ name, selector }) => [name, selector]));
  return workload.flatMap((action, index) => {
    const names = servicesOf(action);
    const path = (place: number) => [
      'workload',
      index,
      action.kind,
      ...('services' in action ? ['services', place] : ['service']),
    ];
    if (action.kind === 'editEndpoints') {
      return [
        ...when(selectorOf.get(action.service) === true, () =>
          contradiction(
            path(0),
            `the Endpoints of ${quote(action.service)} are written by a controller, as the service selects pods`,
            'add "selector: false" to the service',
          ),
        ),
        ...when(action.to === null && action.replace === 0, (): Finding => ({
          code: 'KH021',
          path: ['workload', index, action.kind],
          message: 'the write would change nothing',
          suggestion: 'add "to: 10" or "replace: 1"',
        })),
      ];
    }
    return names.flatMap((name, place) =>
      when(selectorOf.get(name) === false, () =>
        contradiction(
          path(place),
          `the service ${quote(name)} has no selector, and so no pods for ${quote(action.kind)}`,
          'use "editEndpoints"',
        ),
      ),
    );
  });
}

const servicesOf = (action: WorkloadAction): readonly string[] => {
  if ('services' in action) return action.services;
  return 'service' in action ? [action.service] : [];
};
