/** Puts the results together: variants, verdicts, manifest and timing, in the field order of the results file. */

import { createHash } from 'node:crypto';
import { basename } from 'node:path';

import { canonicalJson } from '../scenario/canonical.js';
import type { Experiment } from '../scenario/experiment.js';
import { aggregateVariant } from './aggregate.js';
import { packageVersion } from './package-files.js';
import { precisionWarnings, type ReplicatedVariant } from './replication-policy.js';
import { type Manifest, type ReplicationMeasurements, type Results, RESULTS_SCHEMA_VERSION } from './results.js';
import { estimateStatistic } from './statistics.js';
import { judgeExpectation, judgeObjective, overallVerdict } from './verdicts.js';

export interface RunTiming {
  readonly startedAt: string;
  readonly wallSeconds: number;
  readonly threads: number;
}

export interface AssembleOptions {
  /** True when an interrupt cut replications off. */
  readonly partial: boolean;
  readonly overrides: readonly string[];
  readonly timing: RunTiming;
}

export function assembleResults(
  experiment: Experiment,
  replicated: readonly ReplicatedVariant[],
  { partial, overrides, timing }: AssembleOptions,
): Results {
  const measurementsOf = new Map(replicated.map(({ variant, measurements }) => [variant.name, measurements]));
  const estimateIn = (variant: string, { metric, statistic }: { metric: string; statistic: string }) =>
    estimateStatistic(measurementsOf.get(variant) ?? [], metric, statistic);

  const objectives = experiment.variants.flatMap(({ name }) => {
    const updatesNotApplied = (measurementsOf.get(name) ?? []).reduce(
      (sum, { scalars }) => sum + (scalars.updates_not_applied_total ?? 0),
      0,
    );
    return experiment.objectives.map((objective) =>
      judgeObjective(objective, name, estimateIn(name, objective), { partial, updatesNotApplied }),
    );
  });
  const all = replicated.flatMap(({ measurements }) => measurements);
  return {
    schemaVersion: RESULTS_SCHEMA_VERSION,
    manifest: manifestOf(experiment, all, overrides),
    name: experiment.name,
    description: experiment.description,
    question: experiment.question,
    partial,
    verdict: overallVerdict(objectives, partial),
    variants: replicated
      .filter(({ measurements }) => measurements.length > 0)
      .map(({ variant, measurements }) =>
        aggregateVariant(
          variant,
          measurements,
          partial ? [] : precisionWarnings(experiment, { variant, measurements }),
        ),
      ),
    objectives,
    expectations: experiment.expectations.map((expectation) =>
      judgeExpectation(expectation, estimateIn(expectation.variant, expectation)),
    ),
    timing: timingOf(timing, all),
  };
}

function manifestOf(
  experiment: Experiment,
  measurements: readonly ReplicationMeasurements[],
  overrides: readonly string[],
): Manifest {
  return {
    tool: 'kube-headroom',
    version: packageVersion(),
    // Without its folder: where a file lies makes no difference to its results.
    scenarioFile: basename(experiment.file),
    scenarioHash: sha256(canonicalJson(experiment.variants.map(({ scenario }) => scenario))),
    // Variants share one seed: common random numbers are what makes them comparable.
    seed: experiment.variants[0]?.scenario.seed ?? 0,
    overrides,
    fingerprint: sha256(measurements.map(({ fingerprint }) => fingerprint).join('\n')),
  };
}

function timingOf(timing: RunTiming, measurements: readonly ReplicationMeasurements[]): Results['timing'] {
  const { startedAt, wallSeconds, threads } = timing;
  const events = measurements.reduce((sum, measurement) => sum + measurement.events, 0);
  const deliveries = measurements.reduce((sum, measurement) => sum + measurement.deliveries, 0);
  return {
    startedAt,
    wallSeconds,
    threads,
    node: process.version,
    eventsPerSecond: events / wallSeconds,
    deliveriesPerSecond: deliveries / wallSeconds,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
