/**
 * Which updates of a pod make the endpoint controllers look at which services: the filter between informer and work queue.
 *
 *   old and new version of a pod --> comparePods --> pod changed? labels changed? --+--> servicesToSync --> keys to enqueue
 *   services that select the old one, and the new one ------------------------------+
 *
 * From k8s.io/endpointslice/util (podEndpointsChanged, GetPodServiceMemberships, determineNeededServiceUpdates), which both
 * controllers use. A pod has changed when its Ready condition or its list of addresses differs, or when either version has a
 * deletionTimestamp: upstream compares the pointers and not the times, so that **every update of a pod that terminates counts**.
 *
 * Left out: which labels match which selector. In the model a pod belongs to one service, and is selected by it or not.
 */

/** What the filter reads of a pod. */
export interface PodVersion {
  readonly resourceVersion: string;
  readonly isReady: boolean;
  readonly isTerminating: boolean;
  /** status.podIPs, the primary one first. */
  readonly addresses: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly subdomain: string;
}

export interface PodDifference {
  /** Something that endpoints show has changed, or may have. */
  readonly podChanged: boolean;
  /** What decides which services the pod belongs to, or its name in them, has changed. */
  readonly labelsChanged: boolean;
}

const NO_DIFFERENCE: PodDifference = { podChanged: false, labelsChanged: false };

/** The periodic resync of an informer delivers equal versions: nothing has changed then, whatever the pod's state. */
export function comparePods(before: PodVersion, after: PodVersion): PodDifference {
  if (before.resourceVersion === after.resourceVersion) return NO_DIFFERENCE;
  return {
    podChanged:
      before.isTerminating ||
      after.isTerminating ||
      before.isReady !== after.isReady ||
      !sameList(before.addresses, after.addresses),
    labelsChanged:
      !sameLabels(before.labels, after.labels) ||
      before.hostname !== after.hostname ||
      before.subdomain !== after.subdomain,
  };
}

/**
 * Services to enqueue after an update. While only labels changed, a service that selects both versions has nothing to do;
 * when the pod changed, every service that selects either version has.
 */
export function servicesToSync<Service>(
  before: ReadonlySet<Service>,
  after: ReadonlySet<Service>,
  { podChanged, labelsChanged }: PodDifference,
): Set<Service> {
  if (!podChanged && !labelsChanged) return new Set();
  const services = new Set([...before, ...after]);
  if (podChanged) return services;
  for (const service of before) if (after.has(service)) services.delete(service);
  return services;
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key]);
}
