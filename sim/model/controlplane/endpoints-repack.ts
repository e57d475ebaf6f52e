/**
 * Endpoints subsets in their canonical form (pkg/api/v1/endpoints/util.go, RepackSubsets).
 *
 *   subsets as somebody wrote them --> for each port, the addresses that serve it --> ports with equal addresses together
 *
 * The same service can be written in many ways: an address of two ports may stand in one subset or in two. Whoever compares
 * or mirrors subsets first brings them into the one form in which every port stands in exactly one subset: ports that are
 * served by the same addresses, equally ready, share a subset. An address that is both ready and not ready for a port is not
 * ready. Addresses are in the order of their text ("10.0.0.10" before "10.0.0.9"), then of the UID behind them.
 *
 * Left out: the order of the subsets and of their ports, which is that of a content hash upstream. Here it is that of their
 * first appearance.
 */

export interface EndpointPort {
  /** Empty when the port has no name. */
  readonly name: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly appProtocol?: string;
}

export interface EndpointAddress {
  readonly ip: string;
  readonly hostname?: string;
  readonly nodeName?: string;
  /** What the address belongs to; hand-written Endpoints have none. */
  readonly targetRef?: { readonly namespace: string; readonly name: string; readonly uid: string };
}

export interface EndpointSubset {
  readonly ports: readonly EndpointPort[];
  readonly ready: readonly EndpointAddress[];
  readonly notReady: readonly EndpointAddress[];
}

/** Text that two ports share exactly when they are equal. */
export const portKey = ({ name, port, protocol, appProtocol }: EndpointPort): string =>
  JSON.stringify([name, port, protocol, appProtocol ?? null]);

/** Text that two lists of ports share exactly when they hold the same ports, in whatever order. */
export const portsKey = (ports: readonly EndpointPort[]): string => ports.map(portKey).sort(byText).join(' ');

export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** An address is the same one when IP and UID are; the first to be named lends its other fields. */
const addressKey = ({ ip, targetRef }: EndpointAddress): string => `${ip}|${targetRef?.uid ?? ''}`;

/** Addresses of one port by key, and whether each is ready for it. */
type ReadyByAddress = Map<string, boolean>;

interface Served {
  /** null stands for a subset without ports, as headless services have. */
  readonly port: EndpointPort | null;
  readonly addresses: ReadyByAddress;
}

export function repackSubsets(subsets: readonly EndpointSubset[]): EndpointSubset[] {
  const addressOf = new Map<string, EndpointAddress>();
  const servedByPort = new Map<string, Served>();
  for (const { ports, ready, notReady } of subsets) {
    for (const port of ports.length === 0 ? [null] : ports) {
      // A port that nothing serves disappears.
      if (ready.length + notReady.length === 0) continue;
      const key = port === null ? '' : portKey(port);
      let served = servedByPort.get(key);
      if (served === undefined) servedByPort.set(key, (served = { port, addresses: new Map() }));
      for (const address of ready) enter(address, true, served.addresses, addressOf);
      for (const address of notReady) enter(address, false, served.addresses, addressOf);
    }
  }

  const packed = new Map<string, { ports: EndpointPort[]; addresses: ReadyByAddress }>();
  for (const { port, addresses } of servedByPort.values()) {
    const key = [...addresses]
      .map(([address, ready]) => `${address}|${ready}`)
      .sort(byText)
      .join(' ');
    let subset = packed.get(key);
    if (subset === undefined) packed.set(key, (subset = { ports: [], addresses }));
    if (port !== null) subset.ports.push(port);
  }

  return [...packed.values()].map(({ ports, addresses }) => {
    const sorted = [...addresses.keys()].sort((a, b) => compareAddresses(addressOf.get(a)!, addressOf.get(b)!));
    const those = (isReady: boolean): EndpointAddress[] =>
      sorted.filter((key) => addresses.get(key) === isReady).map((key) => addressOf.get(key)!);
    return { ports, ready: those(true), notReady: those(false) };
  });
}

function enter(
  address: EndpointAddress,
  isReady: boolean,
  addresses: ReadyByAddress,
  addressOf: Map<string, EndpointAddress>,
): void {
  const key = addressKey(address);
  if (!addressOf.has(key)) addressOf.set(key, address);
  addresses.set(key, (addresses.get(key) ?? true) && isReady);
}

function compareAddresses(a: EndpointAddress, b: EndpointAddress): number {
  return byText(a.ip, b.ip) || byText(a.targetRef?.uid ?? '', b.targetRef?.uid ?? '');
}
