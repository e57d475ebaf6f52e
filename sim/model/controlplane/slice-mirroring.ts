/**
 * Which EndpointSlices mirror an Endpoints object: the reconciler of pkg/controller/endpointslicemirroring.
 *
 *   subsets --repackSubsets--> one desired slice for each (ports, address family) |
 *   mirrored slices that exist ---------------------------------------------------|--> creates, updates, deletes
 *
 * The rules:
 *  1. A canonical subset becomes one slice for each address family that it has: ready addresses first, then the others, both
 *     families together at most maxEndpointsPerSubset. The rest is skipped, and so is what is no IP address.
 *  2. Of several slices with the same ports and family the first is kept, and the others go.
 *  3. A kept slice is written when an endpoint or its metadata differs, and then as a whole: there is no partial update.
 *  4. Slices of other ports go. A slice to create and one of the same family to delete become one update of the latter.
 *  5. Nothing is created while the Endpoints object is being deleted. There is no placeholder: nothing mirrors nothing.
 *
 * Left out: events about skipped addresses; the EndpointSlice tracker, which is the controller's (endpoint-controller.ts).
 */

import { isIP } from 'node:net';

import {
  portsKey,
  repackSubsets,
  type EndpointAddress,
  type EndpointPort,
  type EndpointSubset,
} from './endpoints-repack.js';
import type { SliceId } from './slice-packing.js';

/** The address type of a slice, which never changes. */
export type AddressFamily = 'IPv4' | 'IPv6';

/** What the controller looks at of an Endpoints object and of the Service of its name; null when there is none. */
export interface MirrorSource {
  readonly endpoints: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  } | null;
  readonly service: { readonly hasSelector: boolean } | null;
}

const SKIP_MIRROR_LABEL = 'endpointslice.kubernetes.io/skip-mirror';
const LEADER_ANNOTATION = 'control-plane.alpha.kubernetes.io/leader';

/** Whether Endpoints are mirrored. If not, slices that mirror them are deleted. */
export function isMirrored({ endpoints, service }: MirrorSource): boolean {
  if (endpoints === null || service === null || service.hasSelector) return false;
  return endpoints.labels[SKIP_MIRROR_LABEL] !== 'true' && endpoints.annotations[LEADER_ANNOTATION] === undefined;
}

export interface MirroredEndpoint {
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

export interface SliceContent {
  readonly ports: readonly EndpointPort[];
  readonly family: AddressFamily;
  readonly endpoints: readonly MirroredEndpoint[];
}

/** A slice that mirrors the object, as it stands. */
export interface MirroredSlice extends SliceContent {
  readonly slice: SliceId;
  /**
   * Whether labels, annotations and owner are those that the Endpoints object asks for; the trigger time and what kubectl
   * last applied are not asked for.
   */
  readonly metadataMatches: boolean;
}

/** The whole new content of a slice. */
export interface MirrorUpdate extends SliceContent {
  readonly slice: SliceId;
  /** The slice was to be deleted, and gets the content of one that was to be created. */
  readonly isRecycled: boolean;
}

/** The writes of one reconcile in the order in which they are sent, and what the controller's metrics count. */
export interface MirrorPlan {
  readonly creates: readonly SliceContent[];
  readonly updates: readonly MirrorUpdate[];
  readonly deletes: readonly SliceId[];
  /** Endpoints of slices with desired ports. */
  readonly added: number;
  readonly updated: number;
  readonly removed: number;
  /** Addresses that are in no slice: too many for their subset, or no IP addresses. */
  readonly skipped: number;
  readonly desiredEndpoints: number;
  readonly desiredSlices: number;
  /** Slices with desired ports when all is done. */
  readonly actualSlices: number;
}

interface Desired {
  readonly ports: readonly EndpointPort[];
  readonly family: AddressFamily;
  /** By identity: of two addresses with one identity the later holds. */
  readonly endpoints: Map<string, MirroredEndpoint>;
}

export function planMirror(
  subsets: readonly EndpointSubset[],
  existing: readonly MirroredSlice[],
  maxEndpointsPerSubset: number,
  isBeingDeleted = false,
): MirrorPlan {
  const { desired, skipped } = desiredSlices(repackSubsets(subsets), maxEndpointsPerSubset);
  const existingByKey = new Map<string, MirroredSlice[]>();
  for (const slice of existing) {
    const key = sliceKey(slice.family, slice.ports);
    const sameKey = existingByKey.get(key);
    if (sameKey === undefined) existingByKey.set(key, [slice]);
    else sameKey.push(slice);
  }

  const creates: SliceContent[] = [];
  const updates: MirrorUpdate[] = [];
  const deletes: MirroredSlice[] = [];
  const totals = { added: 0, updated: 0, removed: 0 };
  let desiredEndpoints = 0;
  for (const [key, { ports, family, endpoints }] of desired) {
    const [kept, ...surplus] = existingByKey.get(key) ?? [];
    existingByKey.delete(key);
    deletes.push(...surplus);
    desiredEndpoints += endpoints.size;
    const content = { ports, family, endpoints: [...endpoints.values()] };
    if (kept === undefined) {
      totals.added += endpoints.size;
      creates.push(content);
      continue;
    }
    const { added, updated, removed } = differences(kept, endpoints);
    totals.added += added;
    totals.updated += updated;
    totals.removed += removed;
    if (added + updated + removed > 0 || !kept.metadataMatches) {
      updates.push({ ...content, slice: kept.slice, isRecycled: false });
    }
  }
  for (const slices of existingByKey.values()) deletes.push(...slices);

  const left = recycle(creates, updates, deletes);
  return {
    creates: isBeingDeleted ? [] : left.creates,
    updates,
    deletes: left.deletes.map(({ slice }) => slice),
    ...totals,
    skipped,
    desiredEndpoints,
    desiredSlices: desired.size,
    actualSlices: desired.size - (isBeingDeleted ? left.creates.length : 0),
  };
}

const sliceKey = (family: AddressFamily, ports: readonly EndpointPort[]): string => `${family} ${portsKey(ports)}`;

function desiredSlices(
  subsets: readonly EndpointSubset[],
  maxEndpointsPerSubset: number,
): { readonly desired: ReadonlyMap<string, Desired>; readonly skipped: number } {
  const desired = new Map<string, Desired>();
  let skipped = 0;
  for (const { ports, ready, notReady } of subsets) {
    const keys = { IPv4: sliceKey('IPv4', ports), IPv6: sliceKey('IPv6', ports) };
    let left = maxEndpointsPerSubset;
    const add = (address: EndpointAddress, isReady: boolean): void => {
      const family = left > 0 ? familyOf(address.ip) : null;
      if (family === null) {
        skipped++;
        return;
      }
      left--;
      let slice = desired.get(keys[family]);
      if (slice === undefined) desired.set(keys[family], (slice = { ports, family, endpoints: new Map() }));
      slice.endpoints.set(identityOf(address), { address, ready: isReady });
    };
    for (const address of ready) add(address, true);
    for (const address of notReady) add(address, false);
  }
  return { desired, skipped };
}

/** An IPv4 address in IPv6 notation, which Go takes for the IPv4 address that it is. */
const IPV4_MAPPED = /^::ffff:(\d+\.[\d.]+|[\da-f]{1,4}:[\da-f]{1,4})$/i;

/** Which family an address is of; null when it is no IP address. A zone ("%eth0") makes it none. */
export function familyOf(ip: string): AddressFamily | null {
  const version = ip.includes('%') ? 0 : isIP(ip);
  if (version === 0) return null;
  return version === 4 || IPV4_MAPPED.test(ip) ? 'IPv4' : 'IPv6';
}

/** What makes two endpoints the same one. */
const identityOf = ({ ip, hostname, targetRef }: EndpointAddress): string =>
  `${ip}|${hostname ?? ''}|${targetRef?.namespace ?? ''}/${targetRef?.name ?? ''}`;

function differences(
  { endpoints }: SliceContent,
  desired: ReadonlyMap<string, MirroredEndpoint>,
): { readonly added: number; readonly updated: number; readonly removed: number } {
  let kept = 0;
  let updated = 0;
  for (const endpoint of endpoints) {
    const wanted = desired.get(identityOf(endpoint.address));
    if (wanted === undefined) continue;
    kept++;
    if (!isEqualBeyondIdentity(wanted, endpoint)) updated++;
  }
  return { added: desired.size - kept, updated, removed: endpoints.length - kept };
}

function isEqualBeyondIdentity(a: MirroredEndpoint, b: MirroredEndpoint): boolean {
  return (
    a.ready === b.ready &&
    a.address.nodeName === b.address.nodeName &&
    a.address.targetRef?.uid === b.address.targetRef?.uid
  );
}

/** Turns creates into updates of slices of the same family that were to be deleted; adds them to `updates`. */
function recycle(
  creates: readonly SliceContent[],
  updates: MirrorUpdate[],
  deletes: readonly MirroredSlice[],
): { readonly creates: readonly SliceContent[]; readonly deletes: readonly MirroredSlice[] } {
  const toCreate = [...creates];
  const stillDeleted: MirroredSlice[] = [];
  for (const deleted of deletes) {
    const index = toCreate.findIndex(({ family }) => family === deleted.family);
    if (index < 0) {
      stillDeleted.push(deleted);
      continue;
    }
    const [content] = toCreate.splice(index, 1);
    updates.push({ ...content!, slice: deleted.slice, isRecycled: true });
  }
  return { creates: toCreate, deletes: stillDeleted };
}
