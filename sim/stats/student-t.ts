/**
 * Student's t distribution: distribution function and quantile.
 *
 * In-house because simple-statistics has neither, and because the exact digits decide where intervals end. Both functions
 * rest on the regularized incomplete beta function: for t >= 0 the upper tail is I_x(df / 2, 1 / 2) / 2 with
 * x = df / (df + t * t). Powers are written exp(a * log(x)): the pow of the language differs in the last bit between Node.js versions.
 */

/** P(T <= t) for Student's t with `degreesOfFreedom` > 0. */
export function studentTCdf(t: number, degreesOfFreedom: number): number {
  const tail = upperTail(Math.abs(t), degreesOfFreedom);
  return t > 0 ? 1 - tail : tail;
}

/** The t with P(T <= t) = `probability`, for 0 < probability < 1. */
export function studentTQuantile(probability: number, degreesOfFreedom: number): number {
  if (!(probability > 0 && probability < 1) || !(degreesOfFreedom > 0)) {
    throw new RangeError(`no Student-t quantile of ${probability} with ${degreesOfFreedom} degrees of freedom`);
  }
  if (probability === 0.5) return 0;
  const tail = Math.min(probability, 1 - probability);
  // The tail falls strictly: bracket its crossing by doubling, then bisect until the interval cannot be split further.
  let low = 0;
  let high = 1;
  while (upperTail(high, degreesOfFreedom) > tail) {
    low = high;
    high *= 2;
  }
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return probability < 0.5 ? -middle : middle;
    if (upperTail(middle, degreesOfFreedom) > tail) low = middle;
    else high = middle;
  }
}

/** P(T > t) for t >= 0. Computed directly, not as 1 - CDF, so that far tails keep their digits. */
function upperTail(t: number, degreesOfFreedom: number): number {
  const square = t * t;
  const x = degreesOfFreedom / (degreesOfFreedom + square);
  return incompleteBeta(x, square / (degreesOfFreedom + square), degreesOfFreedom / 2, 0.5) / 2;
}

/** Regularized incomplete beta function I_x(a, b). `y` is 1 - x, given apart because subtracting would lose digits near 1. */
function incompleteBeta(x: number, y: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (y <= 0) return 1;
  const logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(y);
  const front = Math.exp(logFront);
  // The continued fraction converges fast on the near side of the mean; on the far side the symmetry I_x(a,b) = 1 - I_y(b,a) holds.
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(x, a, b)) / a;
  return 1 - (front * betaFraction(y, b, a)) / b;
}

/** The continued fraction of the incomplete beta function, by the modified Lentz method (DLMF 8.17.22). */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const awayFromZero = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < 1e-15) return fraction;
  }
  throw new RangeError(`the incomplete beta function did not converge at x=${x}, a=${a}, b=${b}`);
}

/** Lanczos' coefficients for g = 7, n = 9 (Godfrey's table): relative error below 1e-14 for positive arguments. */
const LANCZOS_G = 7;
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
] as const;

/** Natural logarithm of the gamma function for x >= 0.5, which is all that degrees of freedom of 1 and more ask for. */
function logGamma(x: number): number {
  const shifted = x - 1;
  let sum: number = LANCZOS[0];
  for (const [index, coefficient] of LANCZOS.entries()) {
    if (index > 0) sum += coefficient / (shifted + index);
  }
  const base = shifted + LANCZOS_G + 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(base) - base + Math.log(sum);
}
