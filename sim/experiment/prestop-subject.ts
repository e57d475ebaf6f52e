/**
 * What `kube-headroom prestop` looks at: one rollout of one group of services, with the clients of these alone, and the
 * variants of it that sleep for different times.
 *
 * A sleep needs a grace period that is as long, or the kubelet cuts it short. So every variant has the grace period of the
 * scenario, or one that leaves 99 % of the pods the time to sleep and to shut down, where that is longer.
 */

import { userError, type UserError } from '../errors.js';
import type { Scenario, ServiceSettings } from '../model/scenario.js';
import type { Experiment, Variant } from '../scenario/experiment.js';
import { suggestOneOf } from '../scenario/suggest.js';
import { quote } from '../units.js';

const NS_PER_SECOND = 1e9;

export interface PreStopSubject {
  readonly experiment: Experiment;
  /** The baseline with the clients of the service only: others would water the loss down. */
  readonly scenario: Scenario;
  readonly service: ServiceSettings;
}

/** The rollout of the service of that name, or of the only one that has a rollout and clients. Throws a UserError. */
export function preStopSubject(experiment: Experiment, serviceName: string | null): PreStopSubject {
  const baseline = experiment.variants[0]!.scenario;
  const { services, clients, workload } = baseline;
  const refuse = (message: string, suggestion: string | null): UserError =>
    userError('KH104', `${experiment.file}: ${message}`, suggestion);

  const rolledOut = new Set(workload.flatMap((action) => (action.kind === 'rollingUpdate' ? [action.service] : [])));
  const called = new Set(clients.map(({ service }) => service));
  const complete = services.filter(({ name }) => rolledOut.has(name) && called.has(name));
  const service = serviceName === null ? complete[0] : services.find(({ name }) => name === serviceName);

  if (serviceName === null && complete.length > 1) {
    const names = complete.map(({ name }) => name);
    throw refuse(`${names.length} services have a rollout and clients`, `name one: --service ${names.join(' | ')}`);
  }
  if (serviceName !== null && service === undefined) {
    const names = services.map(({ name }) => name);
    throw refuse(`there is no service ${quote(serviceName)}`, suggestOneOf(serviceName, names));
  }
  if (rolledOut.size === 0 || (service !== undefined && !rolledOut.has(service.name))) {
    const name = service?.name ?? services[0]?.name ?? 'web';
    throw refuse(
      service === undefined
        ? 'the workload has no rollingUpdate'
        : `the workload has no rollingUpdate of ${quote(name)}`,
      `add "- { at: 10s, rollingUpdate: { service: ${name} } }" to workload`,
    );
  }
  if (service === undefined || !called.has(service.name)) {
    const name = service?.name ?? [...rolledOut][0]!;
    throw refuse(
      `nobody sends requests to ${quote(name)}, so that none can be lost`,
      `add "clients: [{ service: ${name}, requestsPerSecond: 1000 }]"`,
    );
  }
  return {
    experiment,
    scenario: { ...baseline, clients: clients.filter((client) => client.service === service.name) },
    service,
  };
}

/** The subject with a preStop sleep, for `replications` at first and up to `mostReplications`. */
export function sleepVariant(
  { scenario, service }: PreStopSubject,
  sleepSeconds: number,
  { firstLook, lastLook }: { readonly firstLook: number; readonly lastLook: number },
): Variant {
  const gracePeriod = Math.max(service.terminationGracePeriodSeconds, gracePeriodFor(scenario, sleepSeconds));
  const path = `services.${service.name}`;
  return {
    name: `sleep ${sleepSeconds} s`,
    set: {
      [`${path}.preStop.sleep`]: `${sleepSeconds}s`,
      ...(gracePeriod !== service.terminationGracePeriodSeconds && {
        [`${path}.terminationGracePeriodSeconds`]: gracePeriod,
      }),
    },
    scenario: {
      ...scenario,
      replications: { min: firstLook, max: lastLook, precision: null },
      services: scenario.services.map((settings) =>
        settings === service
          ? {
              ...settings,
              preStop: { sleepNs: sleepSeconds * NS_PER_SECOND },
              terminationGracePeriodSeconds: gracePeriod,
            }
          : settings,
      ),
    },
  };
}

/** Whole seconds from the deletion of a pod until 99 % have slept and shut down. */
export function gracePeriodFor(scenario: Scenario, sleepSeconds: number): number {
  return Math.ceil(sleepSeconds + scenario.pods.shutdownNs.p99 / NS_PER_SECOND);
}
