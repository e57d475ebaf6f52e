/** Rules about the clients of services (consistency.ts applies them). */

import { addressesOf } from '../model/node/packet-path/dispatch-table.js';
import type { Scenario } from '../model/scenario.js';
import { contradiction, when, type Rule } from './contradictions.js';
import type { Finding } from './findings.js';

/** What shares in percent may miss 100 % by: 33.3, 33.3 and 33.4 are meant to be all. */
const ROUNDING = 1e-6;

export const CLIENT_RULES: readonly Rule[] = [
  { reads: ['clients'], check: ({ clients }) => clients.flatMap(checkLoad) },
  { reads: ['clients', 'services'], check: checkAddresses },
  { reads: ['clients', 'services'], check: checkNames },
  { reads: ['clients', 'services'], check: checkApplications },
  { reads: ['clients', 'cluster'], check: checkZones },
  { reads: ['clients', 'workload'], check: checkCreated },
  {
    reads: ['clients', 'workload', 'autoscalers', 'duration'],
    check: ({ clients, workload, autoscalers, durationNs }) =>
      when(clients.length > 0 && workload.length + autoscalers.length === 0 && durationNs === null, () =>
        contradiction(
          ['clients'],
          'nothing in the workload ends the run, so clients would have no time to send anything',
          'add "duration: 1m"',
        ),
      ),
  },
];

function checkLoad({ load, detail, keepAlive }: Scenario['clients'][number], index: number): Finding[] {
  const path = ['clients', index];
  return [
    ...when(load.kind === 'open' && load.requestsPerSecond === 0, () =>
      contradiction(path, 'says neither requestsPerSecond nor closedLoop', 'add "requestsPerSecond: 100"'),
    ),
    ...when(load.kind === 'closed' && detail !== 'request', () =>
      contradiction(
        [...path, 'closedLoop'],
        'users who wait for their answers need requests that take time',
        'add "detail: request", or use requestsPerSecond',
      ),
    ),
    ...when(load.kind === 'closed' && keepAlive !== null && keepAlive.connections !== load.users, () =>
      contradiction(
        [...path, 'keepAlive', 'connections'],
        `each of the ${load.kind === 'closed' ? load.users : 0} users has one connection`,
        'make connections equal to users, or remove keepAlive',
      ),
    ),
  ];
}

function checkAddresses({ clients, services }: Scenario): Finding[] {
  return clients.flatMap(({ service, address, from }, index) => {
    const shape = services.find(({ name }) => name === service)?.shape;
    if (shape?.type === 'ExternalName') {
      return [
        contradiction(
          ['clients', index, 'service'],
          `"${service}" is an ExternalName: who asks for it is sent to a name outside of the cluster`,
          'use another service',
        ),
      ];
    }
    if (shape?.type === 'Headless') {
      return when(address !== 'ClusterIP' || from === 'outside', () =>
        contradiction(
          ['clients', index, from === 'outside' ? 'from' : 'address'],
          `"${service}" is headless: its clients find pods by the DNS of the cluster`,
          'use "from: pods" without an address',
        ),
      );
    }
    return when(shape !== undefined && addressesOf(shape, address) === 0, () =>
      contradiction(
        ['clients', index, 'address'],
        `"${service}" has no address of the kind ${address}`,
        'use another address, or give the service a type or externalIPs that has one',
      ),
    );
  });
}

/** Caches are those of nodes, which all clients on them share. */
function checkNames({ clients, services }: Scenario): Finding[] {
  return clients.flatMap(({ service, dnsCacheTtlNs }, index) => {
    const isHeadless = services.some(({ name, shape }) => name === service && shape.type === 'Headless');
    const first = clients.findIndex((other) => other.service === service);
    return when(isHeadless && clients[first]!.dnsCacheTtlNs !== dnsCacheTtlNs, () =>
      contradiction(
        ['clients', index, 'dnsCacheTtl'],
        `other clients of "${service}" have another: the records of a service have one TTL`,
        'use the same for all of its clients',
      ),
    );
  });
}

function checkApplications({ clients, services }: Scenario): Finding[] {
  return clients.flatMap(({ service, detail }, index) =>
    when(
      detail === 'request' &&
        services.some(({ name, application }) => name === service && application.serviceTime === null),
      () =>
        contradiction(
          ['clients', index, 'detail'],
          `requests to "${service}" take no time: its application has no serviceTime`,
          `add "application: { concurrency: 1, serviceTime: { mean: 10ms } }" to the service, or use another detail`,
        ),
    ),
  );
}

/** Single connections have no beginning of their own; rates begin when the service can be reached. */
function checkCreated({ clients, workload }: Scenario): Finding[] {
  const created = new Set(workload.flatMap((action) => (action.kind === 'createService' ? [action.service] : [])));
  return clients.flatMap(({ service, detail, keepAlive }, index) => [
    ...when(created.has(service) && detail !== 'share', () =>
      contradiction(
        ['clients', index, 'detail'],
        `"${service}" is created in the run, and its clients can be followed as rates only`,
        'use "detail: share"',
      ),
    ),
    ...when(created.has(service) && keepAlive !== null, () =>
      contradiction(
        ['clients', index, 'keepAlive'],
        `"${service}" is created in the run, and its clients cannot keep connections yet`,
        'remove keepAlive',
      ),
    ),
  ]);
}

function checkZones({ clients, cluster }: Scenario): Finding[] {
  return clients.flatMap(({ zoneShares, from }, index) => {
    if (zoneShares === null) return [];
    const path = ['clients', index, 'zoneShares'];
    const sum = zoneShares.reduce((total, share) => total + share, 0);
    return [
      ...when(zoneShares.length !== cluster.zones, () =>
        contradiction(
          path,
          `has ${zoneShares.length} shares for ${cluster.zones} zones`,
          'write one share for each zone',
        ),
      ),
      ...when(Math.abs(sum - 1) > ROUNDING, () =>
        contradiction(path, `the shares sum to ${Number((100 * sum).toPrecision(6))} % and not to 100 %`),
      ),
      ...when(from === 'outside', () =>
        contradiction(
          path,
          'clients outside of the cluster are in none of its zones',
          'remove it, or use "from: pods"',
        ),
      ),
    ];
  });
}
