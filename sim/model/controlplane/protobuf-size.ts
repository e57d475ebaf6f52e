/**
 * Bytes of Kubernetes objects in protobuf, as gogo/protobuf writes them for k8s.io/api.
 *
 *   fields of a message --> sum of field sizes --> object: metadata + payload, in a runtime.Unknown --> frame of a watch
 *
 * A length-delimited field costs a tag, a varint of its length and its bytes; nested messages are such fields themselves. Plain
 * fields are written even when they are empty; only nil pointers and empty lists are left out. Field numbers: generated.proto
 * of meta/v1.
 */

/** What managedFields records: one field manager, in FieldsV1's notation. */
export interface ManagedFields {
  readonly manager: string;
  readonly operation: string;
  readonly apiVersion: string;
  readonly time: string;
  readonly fieldsType: string;
  readonly fieldsV1: object;
  readonly subresource?: string;
}

/** Metadata of an object as far as its size depends on it: times are of one size. */
export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace: string;
  readonly selfLink?: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
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
  readonly finalizers?: readonly string[];
  readonly managedFields: readonly ManagedFields[];
}

/** Bytes of a varint: seven bits in each. */
function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** A length-delimited field: tag, length, payload. Field numbers beyond 15 need two bytes of tag. */
export const field = (payloadBytes: number, tagBytes = 1): number =>
  tagBytes + varintBytes(payloadBytes) + payloadBytes;

/** A string of one byte per character. */
export const stringField = (value: string): number => field(value.length);
export const integerField = (value: number): number => 1 + varintBytes(value);
export const BOOL_FIELD_BYTES = 2;
export const EMPTY_STRING_FIELD_BYTES = 2;
/** A Timestamp in this century: seconds (tag and five bytes) and nanoseconds (zero, written all the same). */
const TIME_FIELD_BYTES = field(1 + 5 + 2);

function mapField(entries: Readonly<Record<string, string>>): number {
  let bytes = 0;
  for (const [key, value] of Object.entries(entries)) bytes += field(stringField(key) + stringField(value));
  return bytes;
}

/** The ObjectMeta of an object. */
export function metadataField(meta: ObjectMeta): number {
  let bytes =
    stringField(meta.name) +
    stringField(meta.generateName ?? '') +
    stringField(meta.namespace) +
    stringField(meta.selfLink ?? '') +
    stringField(meta.uid) +
    stringField(meta.resourceVersion) +
    integerField(meta.generation ?? 0) +
    TIME_FIELD_BYTES +
    (meta.deletionTimestamp === undefined ? 0 : TIME_FIELD_BYTES) +
    (meta.deletionGracePeriodSeconds === undefined ? 0 : integerField(meta.deletionGracePeriodSeconds)) +
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
  for (const finalizer of meta.finalizers ?? []) bytes += stringField(finalizer);
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
        stringField(entry.subresource ?? ''),
      2,
    );
  }
  return field(bytes);
}

/**
 * An object that has been encoded to `payloadBytes`, as the protobuf serializer stores it: a magic number of four bytes and a
 * runtime.Unknown with type, payload, and two empty strings (content encoding and type).
 */
export const unknownBytes = (typeMetaBytes: number, payloadBytes: number): number =>
  4 + typeMetaBytes + field(payloadBytes) + 2 * EMPTY_STRING_FIELD_BYTES;

/** The TypeMeta of a runtime.Unknown. */
export const typeMetaField = (apiVersion: string, kind: string): number =>
  field(stringField(apiVersion) + stringField(kind));

/** A frame of a protobuf watch: its length in four bytes, then WatchEvent{type, RawExtension{object}}. */
export const protobufFrameBytes = (objectBytes: number): number =>
  4 + stringField('MODIFIED') + field(field(objectBytes));
