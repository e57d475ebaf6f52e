/**
 * Bytes of one EndpointSlice or Endpoints object, at rest and on a watch stream.
 *
 *   kind, format, lengths of the names --> factory --> ObjectSize: number of endpoints --> bytes of the object,
 *                                                                                          bytes of a watch event with it
 *
 * The sizes are those of the objects as the controllers write them: one object of each kind is built below with fields of the
 * right lengths, and measured by the rules of the two encodings.
 *  - Protobuf (field numbers: generated.proto of core/v1, discovery/v1, meta/v1): a length-delimited field costs a tag, a varint of
 *    its length and its bytes, nested messages being such fields themselves. gogo/protobuf as Kubernetes generates it writes
 *    plain fields even when they are empty, and leaves out nil pointers only.
 *  - JSON: as encoding/json writes it, without white space, with the newline that ends every object.
 *
 * Every endpoint of an object has the same lengths, so a size is affine in the number of endpoints, but for the varints of the
 * messages around them; these are worked out at every call, which is O(1).
 *
 * Left out: endpoints whose names differ in length, several ports, not-ready addresses' own list in Endpoints (same bytes per
 * address, one more list in JSON), objects without the trigger-time annotation, gzip.
 */

export interface EndpointObjectSize {
  /** One watch event (MODIFIED) with the object. */
  frameBytes(endpoints: number): number;
  /** The object alone: the body of a write or of a GET. */
  objectBytes(endpoints: number): number;
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
  /** Nodes carry topology.kubernetes.io/zone. EndpointSlice only: Endpoints has no such field. */
  readonly hasZone: boolean;
  /** The endpoints carry a hint for one zone. EndpointSlice only. */
  readonly hasZoneHint: boolean;
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
const PORT = { name: '', port: 8080, protocol: 'TCP' };

/** What managedFields records: one field manager, in FieldsV1's notation. */
interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly time: string;
  readonly fieldsType: string;
  readonly fieldsV1: object;
}

interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly {
    readonly apiVersion: string;
    readonly kind: string;
    readonly name: string;
    readonly uid: string;
    readonly controller: boolean;
    readonly blockOwnerDeletion: boolean;
  }[];
  readonly managedFields: readonly ManagedFields[];
}

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

/** Bytes of a varint: seven bits in each. */
function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** A length-delimited field: tag, length, payload. Field numbers beyond 15 need two bytes of tag. */
const field = (payloadBytes: number, tagBytes = 1): number => tagBytes + varintBytes(payloadBytes) + payloadBytes;

const stringField = (value: string): number => field(value.length);
const integerField = (value: number): number => 1 + varintBytes(value);
const BOOL_FIELD_BYTES = 2;
const EMPTY_STRING_FIELD_BYTES = 2;
/** A Timestamp in this century: seconds (tag and five bytes) and nanoseconds (zero, written all the same). */
const TIME_FIELD_BYTES = field(1 + 5 + 2);

function mapField(entries: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(entries)) bytes += field(stringField(key) + stringField(value));
  return bytes;
}

function metadataField(meta: ObjectMeta): number {
  let bytes =
    stringField(meta.name) +
    stringField(meta.generateName ?? '') +
    stringField(meta.namespace) +
    EMPTY_STRING_FIELD_BYTES + // selfLink
    stringField(meta.uid) +
    stringField(meta.resourceVersion) +
    integerField(meta.generation ?? 0) +
    TIME_FIELD_BYTES +
    mapField(meta.labels) +
    mapField(meta.annotations);
  for (const owner of meta.ownerReferences ?? []) {
    bytes += field(
      stringField(owner.kind) +
        stringField(owner.name) +
        stringField(owner.uid) +
        stringField(owner.apiVersion) +
        2 * BOOL_FIELD_BYTES,
    );
  }
  for (const entry of meta.managedFields) {
    const fieldsV1Bytes = JSON.stringify(entry.fieldsV1).length;
    // managedFields is field 17: a tag of two bytes. FieldsV1 is a message around JSON text.
    bytes += field(
      stringField(entry.manager) +
        stringField(entry.operation) +
        stringField(entry.apiVersion) +
        TIME_FIELD_BYTES +
        stringField(entry.fieldsType) +
        field(field(fieldsV1Bytes)) +
        EMPTY_STRING_FIELD_BYTES, // subresource
      2,
    );
  }
  return field(bytes);
}

/** ObjectReference of a pod: kind, namespace, name, uid, and three empty strings (apiVersion, resourceVersion, fieldPath). */
const targetRefField = (names: NameLengths): number =>
  field(
    stringField('Pod') + field(names.namespace) + field(names.pod) + field(UID_LENGTH) + 3 * EMPTY_STRING_FIELD_BYTES,
  );

const PORT_FIELD_BYTES = field(stringField(PORT.name) + integerField(PORT.port) + stringField(PORT.protocol));

/**
 * An object that has been encoded to `payloadBytes`, as the protobuf serializer stores it: a magic number of four bytes and a
 * runtime.Unknown with type, payload, and two empty strings (content encoding and type).
 */
const unknownBytes = (typeMetaBytes: number, payloadBytes: number): number =>
  4 + typeMetaBytes + field(payloadBytes) + 2 * EMPTY_STRING_FIELD_BYTES;

const typeMetaField = (apiVersion: string, kind: string): number => field(stringField(apiVersion) + stringField(kind));

/** A frame of a protobuf watch: its length in four bytes, then WatchEvent{type, RawExtension{object}}. */
const protobufFrameBytes = (objectBytes: number): number => 4 + stringField('MODIFIED') + field(field(objectBytes));

function protobufSize(typeMetaBytes: number, payloadBytes: (endpoints: number) => number): EndpointObjectSize {
  const objectBytes = (endpoints: number): number => unknownBytes(typeMetaBytes, payloadBytes(endpoints));
  return { objectBytes, frameBytes: (endpoints) => protobufFrameBytes(objectBytes(endpoints)) };
}

function sliceProtobufSize(shape: EndpointObjectShape): EndpointObjectSize {
  const { nameLengths: names, hasZone, hasZoneHint, isHandWritten = false } = shape;
  const conditionsField = field(3 * BOOL_FIELD_BYTES);
  // EndpointHints{forZones: [ForZone{name}]}
  const hintsField = hasZoneHint ? field(field(field(names.zone))) : 0;
  const endpointField = isHandWritten
    ? field(field(names.ip) + field(BOOL_FIELD_BYTES))
    : field(
        field(names.ip) +
          conditionsField +
          targetRefField(names) +
          field(names.node) +
          (hasZone ? field(names.zone) : 0) +
          hintsField,
      );
  const fixedBytes = metadataField(sliceMetadata(shape)) + PORT_FIELD_BYTES + stringField('IPv4');
  return protobufSize(
    typeMetaField('discovery.k8s.io/v1', 'EndpointSlice'),
    (endpoints) => fixedBytes + endpoints * endpointField,
  );
}

function endpointsProtobufSize(shape: EndpointObjectShape): EndpointObjectSize {
  const names = shape.nameLengths;
  const podBytes = shape.isHandWritten === true ? 0 : targetRefField(names) + field(names.node);
  const addressField = field(field(names.ip) + podBytes + EMPTY_STRING_FIELD_BYTES /* hostname */);
  const metadataBytes = metadataField(endpointsMetadata(shape));
  return protobufSize(typeMetaField('v1', 'Endpoints'), (endpoints) =>
    // All addresses are in one subset; an object without addresses has none.
    endpoints === 0 ? metadataBytes : metadataBytes + field(endpoints * addressField + PORT_FIELD_BYTES),
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
function jsonSize(emptyBytes: number, filledBytes: number, itemBytes: number): EndpointObjectSize {
  const objectBytes = (endpoints: number): number =>
    (endpoints === 0 ? emptyBytes : filledBytes + endpoints * (itemBytes + COMMA_BYTES) - COMMA_BYTES) + NEWLINE_BYTES;
  // {"type":"MODIFIED","object":...} less the 0 that stands for the object. Inside the event the object has no newline of its
  // own, but the event ends in one.
  const envelopeBytes = jsonBytes({ type: 'MODIFIED', object: 0 }) - 1;
  return { objectBytes, frameBytes: (endpoints) => envelopeBytes + objectBytes(endpoints) };
}

function sliceJsonSize(shape: EndpointObjectShape): EndpointObjectSize {
  const { nameLengths: names, hasZone, hasZoneHint, isHandWritten = false } = shape;
  const bare = { addresses: [text(names.ip)], conditions: { ready: true } };
  const ofPod = {
    addresses: [text(names.ip)],
    conditions: { ready: true, serving: true, terminating: false },
    targetRef: targetRef(names),
    nodeName: text(names.node),
    ...(hasZone ? { zone: text(names.zone) } : {}),
    ...(hasZoneHint ? { hints: { forZones: [{ name: text(names.zone) }] } } : {}),
  };
  const emptyBytes = jsonBytes({
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: sliceMetadata(shape),
    addressType: 'IPv4',
    endpoints: [],
    ports: [PORT],
  });
  return jsonSize(emptyBytes, emptyBytes, jsonBytes(isHandWritten ? bare : ofPod));
}

function endpointsJsonSize(shape: EndpointObjectShape): EndpointObjectSize {
  const names = shape.nameLengths;
  const ofPod = { nodeName: text(names.node), targetRef: targetRef(names) };
  const address = { ip: text(names.ip), ...(shape.isHandWritten === true ? {} : ofPod) };
  const withSubsets = (subsets: unknown): number =>
    jsonBytes({ kind: 'Endpoints', apiVersion: 'v1', metadata: endpointsMetadata(shape), subsets });
  // Endpoints, unlike EndpointSlice, leaves an empty port name out. Its empty list of subsets is counted as [], which a
  // Go server leaves out too: 13 bytes in an object that has no address.
  const subset = { addresses: [], ports: [{ port: PORT.port, protocol: PORT.protocol }] };
  return jsonSize(withSubsets([]), withSubsets([subset]), jsonBytes(address));
}
