/** The choices of the proxy modes by the settings of a kube-proxy and of a service. */

import type { CounterHash } from '../../../kernel/random.js';
import type { IpvsSchedulerName } from '../../kube-proxy-settings.js';
import { createScheduler } from '../../node/proxy-modes/ipvs/schedulers/create-scheduler.js';
import type { ProxyModeName } from '../../node/proxy-modes/proxy-mode.js';
import type { Acceptance } from '../connection-routes.js';
import { type BackendChoice, RandomChoice, StickyRandomChoice } from './backend-choice.js';
import { createClientAffinity } from './client-affinity.js';
import { IpvsChoice } from './ipvs-choice.js';
import { UserspaceChoice } from './userspace-choice.js';

/** What all nodes have alike. */
export interface ChoiceSettings {
  readonly mode: ProxyModeName;
  readonly ipvsScheduler: IpvsSchedulerName;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** Of sessionAffinity ClientIP; null: None. */
  readonly affinityTimeoutNs: number | null;
}

/** Whether the choice of a node depends on what the node chose before. */
export const hasMemory = ({ mode, affinityTimeoutNs }: ChoiceSettings): boolean =>
  affinityTimeoutNs !== null || mode === 'ipvs' || mode === 'userspace';

/**
 * The choice of one node for one service.
 *
 * @param hash of the shuffles of userspace mode
 * @param entity names the service on the node to `hash`
 */
export function createBackendChoice(
  { mode, ipvsScheduler, protocol, affinityTimeoutNs }: ChoiceSettings,
  hash: CounterHash,
  entity: number,
  acceptanceOf: (pod: number) => Acceptance,
): BackendChoice {
  if (mode === 'userspace') return new UserspaceChoice(hash, entity, acceptanceOf, affinityTimeoutNs);
  const affinity = affinityTimeoutNs === null ? null : createClientAffinity(mode, affinityTimeoutNs);
  if (mode === 'ipvs') return new IpvsChoice(protocol, createScheduler(ipvsScheduler), affinity);
  return affinity === null ? new RandomChoice() : new StickyRandomChoice(affinity);
}
