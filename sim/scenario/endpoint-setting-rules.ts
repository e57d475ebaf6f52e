/** Rules between the ways in which services publish their endpoints and the version and kind of the service. */

import type { Scenario } from '../model/scenario.js';
import { ON_BY_DEFAULT_SINCE } from '../model/versions/features.js';
import { minorOf } from '../model/versions/profiles.js';
import type { Constant } from '../model/versions/provenance.js';
import { contradiction, when, type Rule } from './contradictions.js';
import type { Finding } from './findings.js';

export const ENDPOINT_SETTING_RULES: readonly Rule[] = [
  { reads: ['kubernetes', 'services'], check: checkVersions },
  { reads: ['services'], check: checkHandWritten },
];

/** What the API server refuses, by the version's default feature gates. */
function checkVersions({ kubernetes, services }: Scenario): Finding[] {
  return services.flatMap(({ ipFamilies, trafficDistribution, topologyMode }, index) => {
    const notYet = (field: string, since: Constant, what: string): Finding[] =>
      when(minorOf(kubernetes) < since.value, () =>
        contradiction(
          ['services', index, field],
          `${what} is not available in ${kubernetes}, but from 1.${since.value} on`,
          `use kubernetes: "1.${since.value}" or newer`,
        ),
      );
    return [
      ...when(ipFamilies.length === 0 || new Set(ipFamilies).size < ipFamilies.length, () =>
        contradiction(['services', index, 'ipFamilies'], 'a service has one family, or two that differ'),
      ),
      ...(ipFamilies.length > 1 ? notYet('ipFamilies', ON_BY_DEFAULT_SINCE.dualStack, 'dual stack') : []),
      ...(trafficDistribution === null
        ? []
        : notYet(
            'trafficDistribution',
            ON_BY_DEFAULT_SINCE.trafficDistribution[trafficDistribution],
            `trafficDistribution: ${trafficDistribution}`,
          )),
      ...(topologyMode === 'Auto'
        ? notYet('topologyMode', ON_BY_DEFAULT_SINCE.topologyMode, 'topologyMode: Auto')
        : []),
    ];
  });
}

/** Slices that mirror what somebody wrote have one family and no hints, and every address as ready as it is written. */
function checkHandWritten({ services }: Scenario): Finding[] {
  return services.flatMap(
    ({ selector, publishNotReadyAddresses, ipFamilies, trafficDistribution, topologyMode }, index) => {
      const withoutEffect = {
        publishNotReadyAddresses,
        ipFamilies: ipFamilies.some((family) => family !== 'IPv4'),
        trafficDistribution: trafficDistribution !== null,
        topologyMode: topologyMode === 'Auto',
      };
      return Object.entries(withoutEffect).flatMap(([field, isSet]) =>
        when(!selector && isSet, () =>
          contradiction(
            ['services', index, field],
            `${field} has no effect on a service whose endpoints are written by hand`,
            `remove ${field}, or "selector: false"`,
          ),
        ),
      );
    },
  );
}
