/**
 * Discovery by environment variables: what the kubelet tells a container of the services (pkg/kubelet/envvars).
 *
 *   services of the pod's namespace and `kubernetes`, as they are when the container starts --> variables, in order
 *
 * A service with a cluster IP has a host, a port, a port for each name, and for each port the four variables that links of Docker
 * had, after one for the first. Headless services and ExternalName have none, and what is created later never appears.
 *
 * Left out of runs: services have no namespaces there, so nobody knows which of them a container hears of.
 */

export interface EnvironmentService {
  readonly name: string;
  /** "None" for headless services, and empty where there is none (ExternalName). */
  readonly clusterIP: string;
  readonly ports: readonly {
    /** Empty: a port without a name. */
    readonly name: string;
    readonly port: number;
    readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  }[];
}

export type EnvironmentVariable = readonly [name: string, value: string];

const hasClusterIP = ({ clusterIP }: Pick<EnvironmentService, 'clusterIP'>): boolean =>
  clusterIP !== '' && clusterIP !== 'None';

const variableName = (name: string): string => name.replaceAll('-', '_').toUpperCase();

/** Brackets around an IPv6 address, as in every URL. */
const authority = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;

/** Of the services in this order; of each in the order in which the kubelet makes them. */
export const environmentOf = (services: readonly EnvironmentService[]): EnvironmentVariable[] =>
  services.filter(hasClusterIP).flatMap(variablesOf);

function variablesOf({ name, clusterIP, ports }: EnvironmentService): EnvironmentVariable[] {
  const service = variableName(name);
  const urlOf = ({ protocol, port }: EnvironmentService['ports'][number]): string =>
    `${protocol.toLowerCase()}://${authority(clusterIP, port)}`;
  const [firstPort] = ports;
  if (firstPort === undefined) return [];
  return [
    [`${service}_SERVICE_HOST`, clusterIP],
    [`${service}_SERVICE_PORT`, String(firstPort.port)],
    ...ports
      .filter((port) => port.name !== '')
      .map((port): EnvironmentVariable => [`${service}_SERVICE_PORT_${variableName(port.name)}`, String(port.port)]),
    [`${service}_PORT`, urlOf(firstPort)],
    ...ports.flatMap((port): EnvironmentVariable[] => {
      const link = `${service}_PORT_${port.port}_${port.protocol}`;
      return [
        [link, urlOf(port)],
        [`${link}_PROTO`, port.protocol.toLowerCase()],
        [`${link}_PORT`, String(port.port)],
        [`${link}_ADDR`, clusterIP],
      ];
    }),
  ];
}

/** How many variables so many services make that have cluster IPs and each so many ports, `namedPorts` of them with a name. */
export const environmentSize = (services: number, ports: number, namedPorts: number): number =>
  services * (3 + namedPorts + 4 * ports);

/** Where and when a service is. */
export interface ServicePresence {
  readonly name: string;
  readonly namespace: string;
  readonly createdNs: number;
}

/** Where and when a container starts. */
export interface StartedContainer {
  readonly namespace: string;
  readonly startedNs: number;
  /** spec.enableServiceLinks. */
  readonly enableServiceLinks: boolean;
}

/** The service that every container hears of, and where it is. */
const MASTER_SERVICE = { name: 'kubernetes', namespace: 'default' } as const;

/** Whether a container that has started there and then can find the service in its environment. */
export function isInEnvironment(
  { namespace, startedNs, enableServiceLinks }: StartedContainer,
  service: ServicePresence,
): boolean {
  if (service.createdNs > startedNs) return false;
  if (service.name === MASTER_SERVICE.name && service.namespace === MASTER_SERVICE.namespace) return true;
  return enableServiceLinks && service.namespace === namespace;
}
