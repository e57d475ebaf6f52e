/**
 * How long a pod works on one request when it is alone.
 *
 *   application: mean, variation + a uniform number --> nanoseconds
 */

import { exponential, lognormalFromMeanCoefficientOfVariation } from '../../../kernel/distributions.js';
import type { ApplicationSettings } from '../../traffic-settings.js';

export type ServiceTime = NonNullable<ApplicationSettings['serviceTime']>;

/** Whole nanoseconds; rises with `uniform`, of (0, 1). */
export function drawServiceNs({ meanNs, variation }: ServiceTime, uniform: number): number {
  if (variation === 0) return Math.round(meanNs);
  if (variation === 1) return Math.round(exponential(uniform, meanNs));
  return Math.round(lognormalFromMeanCoefficientOfVariation(uniform, meanNs, variation));
}
