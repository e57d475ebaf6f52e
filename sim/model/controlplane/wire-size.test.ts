import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { constantEndpointSize, endpointObjectSize, type EndpointObjectShape } from './wire-size.js';

interface Bytes {
  readonly object: number;
  readonly frame: number;
}
interface Cases {
  readonly profiles: Readonly<Record<string, Pick<EndpointObjectShape, 'nameLengths' | 'hasZone' | 'hasZoneHint'>>>;
  readonly cases: readonly {
    readonly profile: string;
    readonly kind: EndpointObjectShape['kind'];
    readonly endpoints: number;
    readonly protobuf: Bytes;
    readonly json: Bytes;
  }[];
}
const { profiles, cases } = JSON.parse(readFileSync(new URL('wire-size.cases.json', import.meta.url), 'utf8')) as Cases;

const sizeOf = (profile: string, kind: EndpointObjectShape['kind'], format: EndpointObjectShape['format']) =>
  endpointObjectSize({ ...profiles[profile]!, kind, format });

describe.each(['protobuf', 'json'] as const)('%s, to the byte', (format) => {
  it.each(cases)('$profile $kind of $endpoints', ({ profile, kind, endpoints, ...bytes }) => {
    const size = sizeOf(profile, kind, format);
    expect({ object: size.objectBytes(endpoints), frame: size.frameBytes(endpoints) }).toEqual(bytes[format]);
  });
});

describe('bytes per endpoint', () => {
  it.each([
    ['small', 117, 241, 111, 169],
    ['typical', 163, 294, 145, 202],
    ['typical+zonehint', 179, 339, 145, 202],
    ['large', 217, 377, 175, 232],
    ['ipv6', 188, 319, 170, 227],
  ])('%s', (profile, sliceProtobuf, sliceJson, endpointsProtobuf, endpointsJson) => {
    const increment = (kind: EndpointObjectShape['kind'], format: EndpointObjectShape['format']): number => {
      const size = sizeOf(profile, kind, format);
      return size.objectBytes(3) - size.objectBytes(2);
    };
    expect(increment('EndpointSlice', 'protobuf')).toBe(sliceProtobuf);
    expect(increment('EndpointSlice', 'json')).toBe(sliceJson);
    expect(increment('Endpoints', 'protobuf')).toBe(endpointsProtobuf);
    expect(increment('Endpoints', 'json')).toBe(endpointsJson);
  });

  it('takes one byte more where the message of an endpoint, its targetRef, or the name itself, reaches 128 bytes', () => {
    const nameLengths = { namespace: 1, service: 1, pod: 1, node: 1, zone: 0, ip: 7 };
    const bytesOf = (pod: number): number => {
      const shape = { kind: 'EndpointSlice', format: 'protobuf', hasZone: false, hasZoneHint: false } as const;
      const size = endpointObjectSize({ ...shape, nameLengths: { ...nameLengths, pod } });
      return size.objectBytes(2) - size.objectBytes(1);
    };
    const steps: number[] = [];
    for (let pod = 1; pod < 253; pod++) if (bytesOf(pod + 1) - bytesOf(pod) === 2) steps.push(pod + 1);
    // The endpoint has 9 + 8 + 3 bytes beside its targetRef field of 2 + 53 + namespace + pod.
    expect(steps).toEqual([128 - 9 - 8 - 3 - 2 - 53 - 1, 128 - 53 - 1, 128]);
  });
});

const varint = (value: number): number => (value < 1 << 7 ? 1 : value < 1 << 14 ? 2 : value < 1 << 21 ? 3 : 4);
const nested = (bytes: number): number => 1 + varint(bytes) + bytes;

/** The frame of a typical object, each message written out: what every varint around the endpoints must add up to. */
describe('varints of the messages around the endpoints', () => {
  it.each([0, 1, 10, 100, 1000, 5000])('EndpointSlice of %d', (endpoints) => {
    const size = sizeOf('typical', 'EndpointSlice', 'protobuf');
    const object = 4 + 38 + nested(869 + 163 * endpoints) + 4;
    expect(size.objectBytes(endpoints)).toBe(object);
    expect(size.frameBytes(endpoints)).toBe(4 + 10 + nested(nested(object)));
  });

  it.each([0, 1, 10, 100, 1000, 5000])('Endpoints of %d', (endpoints) => {
    const size = sizeOf('typical', 'Endpoints', 'protobuf');
    const subset = endpoints === 0 ? 0 : nested(145 * endpoints + 12);
    const object = 4 + 17 + nested(504 + subset) + 4;
    expect(size.objectBytes(endpoints)).toBe(object);
    expect(size.frameBytes(endpoints)).toBe(4 + 10 + nested(nested(object)));
  });

  it('gives the figures of a large service: 100 endpoints in a slice, 1000 addresses in an object', () => {
    expect(sizeOf('typical', 'EndpointSlice', 'protobuf').frameBytes(100)).toBe(17_241);
    const shape = { ...profiles['typical']!, kind: 'Endpoints', format: 'protobuf' } as const;
    expect(endpointObjectSize(shape).frameBytes(1000)).toBe(145_571);
    expect(endpointObjectSize({ ...shape, overCapacity: true }).frameBytes(1000)).toBe(145_668);
  });
});

describe.each(['protobuf', 'json'] as const)('hints in %s', (format) => {
  const shape = { ...profiles['typical']!, kind: 'EndpointSlice', format } as const;
  const plain = endpointObjectSize(shape);
  const perEndpoint = (hints: Pick<EndpointObjectShape, 'hasZoneHint' | 'hasNodeHint'>): number =>
    (endpointObjectSize({ ...shape, ...hints }).objectBytes(10) - plain.objectBytes(10)) / 10;

  it('cost the name and what is around it, for a zone, a node, or both', () => {
    const { zone, node } = shape.nameLengths;
    expect(perEndpoint({ hasZoneHint: true })).toBe(format === 'protobuf' ? 6 + zone : 35 + zone);
    expect(perEndpoint({ hasZoneHint: false, hasNodeHint: true })).toBe(format === 'protobuf' ? 6 + node : 35 + node);
    // One message, or one object, holds both.
    expect(perEndpoint({ hasZoneHint: true, hasNodeHint: true })).toBe(
      format === 'protobuf' ? 2 + 4 + zone + 4 + node : 35 + zone + 25 + node,
    );
  });

  it('are counted for the endpoints that have them', () => {
    const hinted = endpointObjectSize({ ...shape, hasZoneHint: true });
    expect([hinted.objectBytes(10, 10), hinted.objectBytes(0, 0)]).toEqual([
      plain.objectBytes(10),
      plain.objectBytes(0),
    ]);
    expect(hinted.objectBytes(10) - hinted.objectBytes(10, 3)).toBe(3 * perEndpoint({ hasZoneHint: true }));
  });
});

it('one Endpoints object is smaller than one slice for small services, and larger from about 115 endpoints on', () => {
  const whole = sizeOf('typical', 'Endpoints', 'protobuf');
  const slice = sizeOf('typical', 'EndpointSlice', 'protobuf');
  expect(whole.frameBytes(100) / slice.frameBytes(100)).toBeCloseTo(0.87, 2);
  let crossover = 1;
  while (whole.frameBytes(crossover) < slice.frameBytes(100)) crossover++;
  expect(crossover).toBe(115);
});

describe('a constant size per endpoint', () => {
  it('has no overhead: 20,000 endpoints of 100 bytes are 2 MB, a slice of 100 is 10 kB (KEP-752)', () => {
    const size = constantEndpointSize(100, 0);
    expect([size.frameBytes(20_000), size.objectBytes(20_000)]).toEqual([2e6, 2e6]);
    expect([size.frameBytes(100), size.objectBytes(0)]).toEqual([10_000, 0]);
  });

  it('is never below the smallest object', () => {
    const size = constantEndpointSize(100, 1000);
    expect([0, 1, 9, 10, 11].map((endpoints) => size.frameBytes(endpoints))).toEqual([1000, 1000, 1000, 1000, 1100]);
  });
});

describe('hand-written endpoints', () => {
  const nameLengths = { namespace: 12, service: 12, pod: 29, node: 27, zone: 10, ip: 13 };
  const increment = (kind: EndpointObjectShape['kind'], format: EndpointObjectShape['format']): number => {
    const shape = { kind, format, nameLengths, hasZone: true, hasZoneHint: false, isHandWritten: true };
    const size = endpointObjectSize(shape);
    return size.objectBytes(3) - size.objectBytes(2);
  };

  it('are bare addresses: no pod, node or zone, and no condition but ready', () => {
    // endpoint{addresses: [15 bytes], conditions{ready}}: 15 + 4 bytes in a field.
    expect(increment('EndpointSlice', 'protobuf')).toBe(2 + 15 + 4);
    expect(increment('Endpoints', 'protobuf')).toBe(2 + 15 + 2);
    expect(increment('EndpointSlice', 'json')).toBe(
      JSON.stringify({ addresses: ['x'.repeat(13)], conditions: { ready: true } }).length + 1,
    );
    expect(increment('Endpoints', 'json')).toBe(JSON.stringify({ ip: 'x'.repeat(13) }).length + 1);
  });
});

/** Each named port of a slice is a message with a name of 7 bytes, a number of two and "TCP", and in JSON an object. */
describe('several ports', () => {
  const nameLengths = { namespace: 12, service: 12, pod: 29, node: 27, zone: 10, ip: 13 };
  const sizeWith = (ports: number, kind: EndpointObjectShape['kind'], format: EndpointObjectShape['format']) =>
    endpointObjectSize({ kind, format, nameLengths, hasZone: true, hasZoneHint: false, ports });
  const protobufPort = 2 + (2 + 7) + 3 + (2 + 3);
  const jsonPort = '{"name":"metrics","port":8080,"protocol":"TCP"}'.length;

  it.each([
    ['EndpointSlice', 'protobuf', protobufPort],
    ['Endpoints', 'protobuf', protobufPort],
    ['EndpointSlice', 'json', jsonPort + 1],
    ['Endpoints', 'json', jsonPort + 1],
  ] as const)(
    'each further port of an %s in %s takes %d bytes, however many endpoints there are',
    (kind, format, bytes) => {
      for (const endpoints of [1, 2, 30]) {
        const [two, three] = [2, 3].map((ports) => sizeWith(ports, kind, format).objectBytes(endpoints));
        expect(three! - two!).toBe(bytes);
      }
    },
  );

  it('one port has no name', () => {
    const [one, two] = [1, 2].map((ports) => sizeWith(ports, 'EndpointSlice', 'protobuf').objectBytes(5));
    expect(two! - one!).toBe(protobufPort + 7);
    expect(sizeWith(1, 'Endpoints', 'json').objectBytes(5)).toBe(
      endpointObjectSize({
        kind: 'Endpoints',
        format: 'json',
        nameLengths,
        hasZone: true,
        hasZoneHint: false,
      }).objectBytes(5),
    );
  });

  it('an Endpoints object without addresses has none', () => {
    for (const format of ['protobuf', 'json'] as const) {
      expect(sizeWith(5, 'Endpoints', format).objectBytes(0)).toBe(sizeWith(1, 'Endpoints', format).objectBytes(0));
    }
  });
});
