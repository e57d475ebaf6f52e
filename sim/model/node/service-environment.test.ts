import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { environmentOf, environmentSize, type EnvironmentService, isInEnvironment } from './service-environment.js';

interface Cases {
  readonly services: readonly EnvironmentService[];
  readonly variables: readonly string[];
  readonly sizes: readonly {
    readonly services: number;
    readonly ports: number;
    readonly named: number;
    readonly variables: number;
  }[];
}
const { services, variables, sizes } = JSON.parse(
  readFileSync(new URL('service-environment.cases.json', import.meta.url), 'utf8'),
) as Cases;

const lines = (of: readonly EnvironmentService[]): string[] => environmentOf(of).map((pair) => pair.join('='));

test('five services, two of them without a cluster IP (TestFromServices of pkg/kubelet/envvars)', () => {
  expect(lines(services)).toEqual(variables);
  expect(lines(services.filter(({ clusterIP }) => clusterIP === '' || clusterIP === 'None'))).toEqual([]);
});

test.each(sizes)('$services services with $ports ports make $variables variables', (size) => {
  expect(environmentSize(size.services, size.ports, size.named)).toBe(size.variables);
});

test.each([
  ['kubia', ['KUBIA_SERVICE_HOST', 'KUBIA_SERVICE_PORT']],
  ['kubernetes', ['KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT']],
  ['backend-database', ['BACKEND_DATABASE_SERVICE_HOST', 'BACKEND_DATABASE_SERVICE_PORT']],
])('an application finds %s', (name, wanted) => {
  const found = environmentOf([{ name, clusterIP: '10.96.0.1', ports: [{ name: '', port: 443, protocol: 'TCP' }] }]);
  expect(found.map(([variable]) => variable)).toEqual(expect.arrayContaining(wanted));
  expect(found).toHaveLength(7);
});

test('an IPv6 address stands in brackets where a port follows it', () => {
  const ports = [{ name: '', port: 53, protocol: 'UDP' as const }];
  expect(lines([{ name: 'dns', clusterIP: 'fd00::a', ports }])).toEqual([
    'DNS_SERVICE_HOST=fd00::a',
    'DNS_SERVICE_PORT=53',
    'DNS_PORT=udp://[fd00::a]:53',
    'DNS_PORT_53_UDP=udp://[fd00::a]:53',
    'DNS_PORT_53_UDP_PROTO=udp',
    'DNS_PORT_53_UDP_PORT=53',
    'DNS_PORT_53_UDP_ADDR=fd00::a',
  ]);
});

test('the size is the number of variables', () => {
  const port = fc.record({
    name: fc.constantFrom('', 'http', 'u-d-p', '8083'),
    port: fc.integer({ min: 1, max: 65_535 }),
    protocol: fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const),
  });
  const service = fc.record({
    name: fc.constantFrom('web', 'a-b-c', 'x1'),
    clusterIP: fc.constantFrom('10.0.0.1', 'fd00::1', 'None', ''),
    ports: fc.array(port, { minLength: 1, maxLength: 5 }),
  });
  fc.assert(
    fc.property(fc.array(service, { maxLength: 6 }), (of) => {
      const withAddress = of.filter(({ clusterIP }) => clusterIP.includes('0'));
      const expected = withAddress.map(({ ports }) =>
        environmentSize(1, ports.length, ports.filter(({ name }) => name !== '').length),
      );
      const found = environmentOf(of);
      expect(found).toHaveLength(expected.reduce((sum, size) => sum + size, 0));
      for (const [name] of found) expect(name).toMatch(/^[A-Z0-9_]+$/);
    }),
  );
});

describe('who hears of a service', () => {
  const container = { namespace: 'shop', startedNs: 100, enableServiceLinks: true };
  const service = { name: 'cart', namespace: 'shop', createdNs: 50 };
  const kubernetes = { name: 'kubernetes', namespace: 'default', createdNs: 0 };

  test.each([
    ['containers of its namespace that start later', container, service, true],
    ['containers that start at the same time', container, { ...service, createdNs: 100 }, true],
    ['no container that has started before', container, { ...service, createdNs: 101 }, false],
    ['no container of another namespace', container, { ...service, namespace: 'default' }, false],
    ['no container without service links', { ...container, enableServiceLinks: false }, service, false],
    ['of the API server, every container', container, kubernetes, true],
    ['of the API server, without links, too', { ...container, enableServiceLinks: false }, kubernetes, true],
    ['of a service that is only called so, no other', container, { ...kubernetes, namespace: 'other' }, false],
  ])('%s', (_, started, of, expected) => expect(isInEnvironment(started, of)).toBe(expected));

  test('a service that is created after the start is never in the environment', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1 }), fc.boolean(), (startedNs, laterNs, enableServiceLinks) => {
        const started = { namespace: 'shop', startedNs, enableServiceLinks };
        expect(isInEnvironment(started, { ...service, createdNs: startedNs + laterNs })).toBe(false);
      }),
    );
  });
});
