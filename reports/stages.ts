/**
 * The stages of the true network programming latency of a variant, and which of them takes the most time.
 *
 * Means, because only means add up: the p99 of the whole is not the sum of the p99s of its parts.
 */

import type { VariantResult } from '../sim/experiment/results.js';
import { NPL_STAGES } from '../sim/metrics.js';
import { estimateOf } from './headlines.js';

export type StageName = (typeof NPL_STAGES)[number];

export const STAGE_LABELS: Record<StageName, string> = {
  stage_kubelet_seconds: 'Pod status write',
  stage_batch_period_seconds: 'Batch period',
  stage_controller_queue_seconds: 'Work queue',
  stage_controller_backoff_seconds: 'Controller back-off',
  stage_client_throttle_seconds: 'Client throttling',
  stage_flow_control_seconds: 'Flow control',
  stage_api_write_seconds: 'API server, etcd',
  stage_watch_fanout_seconds: 'Watch fan-out',
  stage_proxy_wait_seconds: 'kube-proxy waiting',
  stage_proxy_sync_seconds: 'kube-proxy sync',
};

export interface StageShare {
  readonly stage: StageName;
  readonly label: string;
  readonly meanSeconds: number;
  /** Of the sum of the stages. */
  readonly share: number;
}

export interface StageBreakdown {
  readonly totalSeconds: number;
  /** In the order in which a change passes them. */
  readonly stages: readonly StageShare[];
  readonly largest: StageShare;
}

/** Null when the variant has no stage times, or nothing took any time. */
export function stageBreakdown(variant: VariantResult): StageBreakdown | null {
  const means = NPL_STAGES.flatMap((stage) => {
    const meanSeconds = estimateOf(variant, stage, 'mean')?.value;
    return meanSeconds === undefined ? [] : [{ stage, label: STAGE_LABELS[stage], meanSeconds }];
  });
  const totalSeconds = means.reduce((sum, { meanSeconds }) => sum + meanSeconds, 0);
  const stages = means.map((mean) => ({ ...mean, share: mean.meanSeconds / totalSeconds }));
  const [largest] = stages.toSorted((a, b) => b.meanSeconds - a.meanSeconds);
  return largest === undefined || totalSeconds === 0 ? null : { totalSeconds, stages, largest };
}
