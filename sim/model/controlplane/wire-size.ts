/**
 * Bytes of one EndpointSlice or Endpoints object, at rest and on a watch stream.
 *
 *   kind, format, lengths of the names --> factory --> ObjectSize: number of endpoints --> bytes of the object,
 *                                                                                          bytes of a watch event with it
 *
 * The sizes are those of the objects as the controllers write them: one object of each kind is built below with fields of the
 * right lengths, and measured by the rules of the two encodings.
 *  - Protobuf (protobuf-size.ts; field numbers: generated.proto of core/v1, discovery/v1).
 *  - JSON: as encoding/json writes it, without white space, with the newline that ends every object.
 *
 * Every endpoint of an object has the same lengths, so a size is affine in the number of endpoints, but for the varints of the
 * messages around them; these are worked out at every call, which is O(1).
 *
 * Left out: endpoints whose names differ in length, the label of headless services, not-ready addresses' own list in Endpoints (same bytes per
 * address, one more list in JSON), objects without the trigger-time annotation, gzip.
 */

import {
  BOOL_FIELD_BYTES,
  EMPTY_STRING_FIELD_BYTES,
  field,
  integerField,
  metadataField,
  protobufFrameBytes,
  stringField,
  typeMetaField,
  unknownBytes,
  type ManagedFields,
  type ObjectMeta,
} from './protobuf-size.js';
import { WIRE_RULES } from '../versions/rules.js';

/** Sizes by number of endpoints; `withoutHints` of them have none of the hints that the others have. */
export interface EndpointObjectSize {
  /** One watch event (MODIFIED) with the object. */
  frameBytes(endpoints: number, withoutHints?: number): number;
  /** The object alone: the body of a write or of a GET. */
  objectBytes(endpoints: number, withoutHints?: number): number;
}

/** Lengths of strings in bytes, one byte per character. */
export interface NameLengths {
  readonly namespace: number;
  readonly service: number;
  readonly pod: number;
  readonly node: number;
  readonly zone: number;
  readonly ip: number;
}

export interface EndpointObjectShape {
  readonly kind: 'EndpointSlice' | 'Endpoints';
  readonly format: 'protobuf' | 'json';
  readonly nameLengths: NameLengths;
  /** Ports of the service; those of a slice without endpoints, too. Several ports must have names. Default: one without a name. */
  readonly ports?: number;
  /** Nodes carry topology.kubernetes.io/zone. EndpointSlice only: Endpoints has no such field. */
  readonly hasZone: boolean;
  /** The endpoints carry a hint for one zone. EndpointSlice only. */
  readonly hasZoneHint: boolean;
  /** They carry a hint for one node. EndpointSlice only. */
  readonly hasNodeHint?: boolean;
  /** The object was truncated, and says so in an annotation. Endpoints only. */
  readonly overCapacity?: boolean;
  /** Bare addresses that somebody wrote by hand, and the slices that mirror them: no pod, node, zone or trigger time. */
  readonly isHandWritten?: boolean;
}

/** Sizes field by field. */
export function endpointObjectSize(shape: EndpointObjectShape): EndpointObjectSize {
  if (shape.kind === 'EndpointSlice') {
    return shape.format === 'protobuf' ? sliceProtobufSize(shape) : sliceJsonSize(shape);
  }
  return shape.format === 'protobuf' ? endpointsProtobufSize(shape) : endpointsJsonSize(shape);
}

/** A constant size per endpoint and nothing around it, as estimates on paper assume (KEP-752); no object is below `minObjectBytes`. */
export function constantEndpointSize(bytesPerEndpoint: number, minObjectBytes: number): EndpointObjectSize {
  const bytes = (endpoints: number): number => Math.max(minObjectBytes, endpoints * bytesPerEndpoint);
  return { frameBytes: bytes, objectBytes: bytes };
}

// ---------------------------------------------------------------------------------------------------- sample objects

/** Text of a length; its characters need no escape in JSON. */
const text = (length: number): string => 'x'.repeat(length);

const UID_LENGTH = 36;
const TIMESTAMP = '2026-01-01T00:00:00Z';
const TRIGGER_TIME_ANNOTATION = 'endpoints.kubernetes.io/last-change-trigger-time';
const OVER_CAPACITY_ANNOTATION = 'endpoints.kubernetes.io/over-capacity';
/** Controllers name an unnamed port "" and resolve it to a number, which takes two bytes as a varint from 128 on. */
const portsOf = ({ ports = 1 }: EndpointObjectShape): readonly SamplePort[] =>
  Array.from({ length: ports }, (_, port) => ({
    name: ports === 1 ? '' : text(WIRE_RULES.portNameLength.value),
    port: FIRST_PORT + port,
    protocol: 'TCP',
  }));

interface SamplePort {
  readonly name: string;
  readonly port: number;
  readonly protocol: string;
}

const FIRST_PORT = 8080;

const managedBy = (apiVersion: string, fieldsV1: object): ManagedFields => ({
  manager: 'kube-controller-manager',
  operation: 'Update',
  apiVersion,
  time: TIMESTAMP,
  fieldsType: 'FieldsV1',
  fieldsV1,
});

/** Metadata of a slice of a service with one label (app: its name), written by the EndpointSlice controller or the mirroring one. */
function sliceMetadata({ nameLengths: names, isHandWritten = false }: EndpointObjectShape): ObjectMeta {
  const service = text(names.service);
  const uid = text(UID_LENGTH);
  return {
    name: `${service}-${text(5)}`,
    generateName: `${service}-`,
    namespace: text(names.namespace),
    uid,
    resourceVersion: text(9),
    generation: 1234,
    creationTimestamp: TIMESTAMP,
    labels: {
      app: service,
      'endpointslice.kubernetes.io/managed-by': isHandWritten
        ? 'endpointslicemirroring-controller.k8s.io'
        : 'endpointslice-controller.k8s.io',
      'kubernetes.io/service-name': service,
    },
    annotations: isHandWritten ? {} : { [TRIGGER_TIME_ANNOTATION]: TIMESTAMP },
    ownerReferences: [
      {
        apiVersion: 'v1',
        kind: isHandWritten ? 'Endpoints' : 'Service',
        name: service,
        uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
    managedFields: [
      managedBy('discovery.k8s.io/v1', {
        'f:addressType': {},
        'f:endpoints': {},
        'f:metadata': {
          ...(isHandWritten ? {} : { 'f:annotations': { '.': {}, [`f:${TRIGGER_TIME_ANNOTATION}`]: {} } }),
          'f:generateName': {},
          'f:labels': {
            '.': {},
            'f:app': {},
            'f:endpointslice.kubernetes.io/managed-by': {},
            'f:kubernetes.io/service-name': {},
          },
          'f:ownerReferences': { '.': {}, [`k:{"uid":"${uid}"}`]: {} },
        },
        'f:ports': {},
      }),
    ],
  };
}

/** Metadata of the Endpoints of the same service, written by the Endpoints controller or by hand. */
function endpointsMetadata({
  nameLengths: names,
  overCapacity = false,
  isHandWritten = false,
}: EndpointObjectShape): ObjectMeta {
  const service = text(names.service);
  const annotations: Record<string, string> = isHandWritten ? {} : { [TRIGGER_TIME_ANNOTATION]: TIMESTAMP };
  const managedByLabel: Record<string, string> = isHandWritten
    ? {}
    : { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' };
  if (overCapacity) annotations[OVER_CAPACITY_ANNOTATION] = 'truncated';
  const annotationFields = Object.keys(annotations).map((key) => [`f:${key}`, {}] as const);
  return {
    name: service,
    namespace: text(names.namespace),
    uid: text(UID_LENGTH),
    resourceVersion: text(9),
    creationTimestamp: TIMESTAMP,
    labels: { app: service, ...managedByLabel },
    annotations,
    managedFields: [
      managedBy('v1', {
        'f:metadata': {
          ...(isHandWritten ? {} : { 'f:annotations': { '.': {}, ...Object.fromEntries(annotationFields) } }),
          'f:labels': {
            '.': {},
            'f:app': {},
            ...Object.fromEntries(Object.keys(managedByLabel).map((key) => [`f:${key}`, {}] as const)),
          },
        },
        'f:subsets': {},
      }),
    ],
  };
}

// ---------------------------------------------------------------------------------------------------- protobuf

/** ObjectReference of a pod: kind, namespace, name, uid, and three empty strings (apiVersion, resourceVersion, fieldPath). */
const targetRefField = (names: NameLengths): number =>
  field(
    stringField('Pod') + field(names.namespace) + field(names.pod) + field(UID_LENGTH) + 3 * EMPTY_STRING_FIELD_BYTES,
  );

const portsBytes = (shape: EndpointObjectShape): number =>
  portsOf(shape).reduce(
    (sum, { name, port, protocol }) => sum + field(stringField(name) + integerField(port) + stringField(protocol)),
    0,
  );

function protobufSize(
  typeMetaBytes: number,
  payloadBytes: (endpoints: number, withoutHints: number) => number,
): EndpointObjectSize {
  const objectBytes = (endpoints: number, withoutHints = 0): number =>
    unknownBytes(typeMetaBytes, payloadBytes(endpoints, withoutHints));
  return {
    objectBytes,
    frameBytes: (endpoints, withoutHints) => protobufFrameBytes(objectBytes(endpoints, withoutHints)),
  };
}

function sliceProtobufSize(shape: EndpointObjectShape): EndpointObjectSize {
  const { nameLengths: names, hasZone, hasZoneHint, hasNodeHint = false, isHandWritten = false } = shape;
  const conditionsField = field((isHandWritten ? 1 : 3) * BOOL_FIELD_BYTES);
  const ofPod = targetRefField(names) + field(names.node) + (hasZone ? field(names.zone) : 0);
  const bytesWithoutHints = field(names.ip) + conditionsField + (isHandWritten ? 0 : ofPod);
  // EndpointHints{forZones: [ForZone{name}], forNodes: [ForNode{name}]}
  const hintsBytes = (hasZoneHint ? field(field(names.zone)) : 0) + (hasNodeHint ? field(field(names.node)) : 0);
  const plainField = field(bytesWithoutHints);
  const hintedField = field(bytesWithoutHints + (hintsBytes > 0 ? field(hintsBytes) : 0));
  const fixedBytes = metadataField(sliceMetadata(shape)) + portsBytes(shape) + stringField('IPv4');
  return protobufSize(
    typeMetaField('discovery.k8s.io/v1', 'EndpointSlice'),
    (endpoints, withoutHints) => fixedBytes + (endpoints - withoutHints) * hintedField + withoutHints * plainField,
  );
}

function endpointsProtobufSize(shape: EndpointObjectShape): EndpointObjectSize {
  const names = shape.nameLengths;
  const podBytes = shape.isHandWritten === true ? 0 : targetRefField(names) + field(names.node);
  const addressField = field(field(names.ip) + podBytes + EMPTY_STRING_FIELD_BYTES /* hostname */);
  const metadataBytes = metadataField(endpointsMetadata(shape));
  const ofPorts = portsBytes(shape);
  return protobufSize(typeMetaField('v1', 'Endpoints'), (endpoints) =>
    // All addresses are in one subset; an object without addresses has none.
    endpoints === 0 ? metadataBytes : metadataBytes + field(endpoints * addressField + ofPorts),
  );
}

// ---------------------------------------------------------------------------------------------------- JSON

const jsonBytes = (value: unknown): number => JSON.stringify(value).length;
const COMMA_BYTES = 1;
const NEWLINE_BYTES = 1;

const targetRef = (names: NameLengths): object => ({
  kind: 'Pod',
  namespace: text(names.namespace),
  name: text(names.pod),
  uid: text(UID_LENGTH),
});

/** `emptyBytes` and `filledBytes`: the object around its list, the list being empty or not. */
function jsonSize(emptyBytes: number, filledBytes: number, itemBytes: number, hintsBytes = 0): EndpointObjectSize {
  const objectBytes = (endpoints: number, withoutHints = 0): number => {
    if (endpoints === 0) return emptyBytes + NEWLINE_BYTES;
    const listBytes = endpoints * (itemBytes + COMMA_BYTES) - COMMA_BYTES - withoutHints * hintsBytes;
    return filledBytes + listBytes + NEWLINE_BYTES;
  };
  // {"type":"MODIFIED","object":...} less the 0 that stands for the object. Inside the event the object has no newline of its
  // own, but the event ends in one.
  const envelopeBytes = jsonBytes({ type: 'MODIFIED', object: 0 }) - 1;
  return {
    objectBytes,
    frameBytes: (endpoints, withoutHints) => envelopeBytes + objectBytes(endpoints, withoutHints),
  };
}

function sliceJsonSize(shape: EndpointObjectShape): EndpointObjectSize {
  const { nameLengths: names, hasZone, hasZoneHint, hasNodeHint = false, isHandWritten = false } = shape;
  const bare = { addresses: [text(names.ip)], conditions: { ready: true } };
  const ofPod = {
    addresses: [text(names.ip)],
    conditions: { ready: true, serving: true, terminating: false },
    targetRef: targetRef(names),
    nodeName: text(names.node),
    ...(hasZone ? { zone: text(names.zone) } : {}),
  };
  const hints = {
    ...(hasZoneHint ? { forZones: [{ name: text(names.zone) }] } : {}),
    ...(hasNodeHint ? { forNodes: [{ name: text(names.node) }] } : {}),
  };
  const plain = isHandWritten ? bare : ofPod;
  const plainBytes = jsonBytes(plain);
  const hintedBytes = hasZoneHint || hasNodeHint ? jsonBytes({ ...plain, hints }) : plainBytes;
  const emptyBytes = jsonBytes({
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: sliceMetadata(shape),
    addressType: 'IPv4',
    endpoints: [],
    ports: portsOf(shape),
  });
  return jsonSize(emptyBytes, emptyBytes, hintedBytes, hintedBytes - plainBytes);
}

function endpointsJsonSize(shape: EndpointObjectShape): EndpointObjectSize {
  const names = shape.nameLengths;
  const ofPod = { nodeName: text(names.node), targetRef: targetRef(names) };
  const address = { ip: text(names.ip), ...(shape.isHandWritten === true ? {} : ofPod) };
  const withSubsets = (subsets: unknown): number =>
    jsonBytes({ kind: 'Endpoints', apiVersion: 'v1', metadata: endpointsMetadata(shape), subsets });
  // Endpoints, unlike EndpointSlice, leaves an empty port name out. Its empty list of subsets is counted as [], which a
  // Go server leaves out too: 13 bytes in an object that has no address.
  const ports = portsOf(shape).map(({ name, ...port }) => (name === '' ? port : { name, ...port }));
  const subset = { addresses: [], ports };
  return jsonSize(withSubsets([]), withSubsets([subset]), jsonBytes(address));
}
