/**
 * Random variates by inversion: each function turns one number uniform in (0, 1) into one variate, and larger numbers into
 * larger variates. One draw per variate keeps the draws of two variants in step; monotony makes their results move together,
 * which is what common random numbers live on (Law, section 11.2.3). Rejection methods give neither.
 *
 * No `Math.pow` and no `**` here: their last bit differs between versions of Node.js, that of `Math.log`, `Math.exp` and
 * `Math.sqrt` does not.
 */

/** Exponential with the given mean. */
export function exponential(u: number, mean: number): number {
  return -mean * Math.log1p(-u);
}

/**
 * Lognormal, given by what measurements are mostly reported as: the median and the 99th percentile. Its logarithm is normal
 * with mean ln(median), so the standard deviation is ln(p99 / median) over the normal's 99th percentile.
 */
export function lognormalFromMedianP99(u: number, median: number, p99: number): number {
  // A constant, which may be 0: the logarithm of 0/0 would not be a number.
  if (p99 === median) return median;
  return median * Math.exp((Math.log(p99 / median) / STANDARD_NORMAL_P99) * standardNormalQuantile(u));
}

/** Lognormal, given by its mean and its coefficient of variation: the variance of its logarithm is ln(1 + cv^2). */
export function lognormalFromMeanCoefficientOfVariation(u: number, mean: number, variation: number): number {
  const logVariance = Math.log1p(variation * variation);
  return mean * Math.exp(Math.sqrt(logVariance) * standardNormalQuantile(u) - logVariance / 2);
}

/** The 99th percentile of the standard normal distribution. */
const STANDARD_NORMAL_P99 = 2.3263478740408408;

/**
 * The quantile function of the standard normal distribution, to about 16 digits: algorithm AS 241, routine PPND16 (Wichura
 * 1988, "The percentage points of the normal distribution", Applied Statistics 37, 477-484).
 */
export function standardNormalQuantile(u: number): number {
  const q = u - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(CENTRE_NUMERATOR, r)) / polynomial(CENTRE_DENOMINATOR, r);
  }
  const r = Math.sqrt(-Math.log(q < 0 ? u : 1 - u));
  const magnitude =
    r <= 5
      ? polynomial(MIDDLE_NUMERATOR, r - 1.6) / polynomial(MIDDLE_DENOMINATOR, r - 1.6)
      : polynomial(TAIL_NUMERATOR, r - 5) / polynomial(TAIL_DENOMINATOR, r - 5);
  return q < 0 ? -magnitude : magnitude;
}

/** Coefficients of degree 0 to 7. */
type Polynomial = readonly [number, number, number, number, number, number, number, number];

function polynomial(c: Polynomial, x: number): number {
  return ((((((c[7] * x + c[6]) * x + c[5]) * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0];
}

// The coefficients a, b (|u - 0.5| <= 0.425), c, d (further out), e, f (beyond exp(-25)) of the article, rounded to doubles.
const CENTRE_NUMERATOR: Polynomial = [
  3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946, 45921.95393154987, 67265.7709270087,
  33430.57558358813, 2509.0809287301227,
];
const CENTRE_DENOMINATOR: Polynomial = [
  1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597, 39307.89580009271, 28729.085735721943,
  5226.495278852854,
];
const MIDDLE_NUMERATOR: Polynomial = [
  1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045, 1.2704582524523684, 0.2417807251774506,
  0.022723844989269184, 0.0007745450142783414,
];
const MIDDLE_DENOMINATOR: Polynomial = [
  1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008, 0.015198666563616457,
  0.0005475938084995345, 1.0507500716444169e-9,
];
const TAIL_NUMERATOR: Polynomial = [
  6.657904643501103, 5.463784911164114, 1.7848265399172913, 0.29656057182850487, 0.026532189526576124,
  0.0012426609473880784, 2.7115555687434876e-5, 2.0103343992922881e-7,
];
const TAIL_DENOMINATOR: Polynomial = [
  1, 0.599832206555888, 0.1369298809227358, 0.014875361290850615, 0.0007868691311456133, 1.8463183175100548e-5,
  1.421511758316446e-7, 2.0442631033899397e-15,
];
