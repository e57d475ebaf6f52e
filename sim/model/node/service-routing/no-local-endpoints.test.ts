import { describe, expect, it } from 'vitest';
import { CLUSTER_IP, type ServiceShape } from '../../cluster/service-shape.js';
import { endpointCounts } from './endpoint-counts.js';
import { lacksExternalEndpoints, lacksInternalEndpoints } from './no-local-endpoints.js';

/** Services with three ready endpoints, `here` of them on the node, unless said otherwise. */
const counted = (shape: Partial<ServiceShape>, here: number, given: { ready?: number; ending?: number } = {}) => {
  const { ready = 3, ending = 0 } = given;
  const service: ServiceShape = { ...CLUSTER_IP, type: 'NodePort', ...shape };
  const counts = endpointCounts(service, {
    ready,
    readyLocal: here,
    hinted: ready,
    hintedLocal: here,
    ending,
    endingLocal: 0,
  });
  return [lacksInternalEndpoints(service, counts), lacksExternalEndpoints(service, counts)].map(Number);
};
const internal = { internalTrafficPolicy: 'Local' } as const;
const external = { externalTrafficPolicy: 'Local' } as const;

describe('TestNoEndpointsMetric (Kubernetes pkg/proxy/iptables/proxier_test.go)', () => {
  it.each([
    { name: 'internal Local, one here', shape: internal, here: 1, expected: [0, 0] },
    { name: 'both Local, one here', shape: { ...internal, ...external }, here: 1, expected: [0, 0] },
    { name: 'external Local, none here', shape: external, here: 0, expected: [0, 1] },
    { name: 'both Local, none here', shape: { ...internal, ...external }, here: 0, expected: [1, 1] },
  ])('$name: internal, external $expected', ({ shape, here, expected }) => {
    expect(counted(shape, here)).toEqual(expected);
  });
});

describe('what does not count', () => {
  it('policy Cluster, no endpoint anywhere, policy external of a service that nothing outside reaches', () => {
    expect(counted({}, 0)).toEqual([0, 0]);
    expect(counted({ ...internal, ...external }, 0, { ready: 0 })).toEqual([0, 0]);
    expect(counted({ ...internal, ...external, type: 'ClusterIP' }, 0)).toEqual([1, 0]);
  });

  it('but endpoints elsewhere that end and still serve do', () => {
    expect(counted({ ...internal, ...external }, 0, { ready: 0, ending: 2 })).toEqual([1, 1]);
  });
});
