import seedrandom from 'seedrandom';

/**
 * The random numbers of one replication, by purpose.
 *
 * What is drawn for one purpose does not depend on what is drawn for another, on how often, or on the order. So two variants
 * of a scenario draw the same numbers for the same purpose, and differ by what was changed alone (common random numbers;
 * Law, "Simulation Modeling and Analysis", 5th ed., section 11.2). For that, a purpose has to be as narrow as the draws
 * that variants may make in different number: an entity each, where entities come and go.
 *
 * The generator is alea: of the generators in seedrandom it is the one whose streams stay apart under all seeds that were
 * tried and pass TestU01's SmallCrush when interleaved. (seedrandom's default ARC4 repeats short keys, so that the seeds '1'
 * and '11' give the same numbers.) Its key is the JSON of seed, replication, purpose and entity, which is different for
 * different lists: plain joining would give ('a', 'bc') and ('ab', 'c') one stream.
 */
export class RandomStreams {
  private readonly seed: number | string;
  private readonly replication: number;

  /**
   * @param seed as the user gave it; the number 7 and the string '7' are different seeds
   * @param replication a whole number from 0
   */
  constructor(seed: number | string, replication: number) {
    // JSON turns these into null, and so all of them into one seed.
    if (typeof seed === 'number' && !Number.isFinite(seed)) throw new RangeError(`a seed must be finite, not ${seed}`);
    if (!Number.isSafeInteger(replication) || replication < 0) {
      throw new RangeError(`a replication is a whole number from 0, not ${replication}`);
    }
    this.seed = seed;
    this.replication = replication;
  }

  /**
   * The stream for a purpose, from its start: ask once, and keep it.
   *
   * @param purpose what the numbers decide, such as 'pod start-up time'
   * @param entity whose, where each entity has a stream of its own
   */
  stream(purpose: string, entity?: string | number): RandomStream {
    const key = [this.seed, this.replication, purpose];
    if (entity !== undefined) key.push(entity);
    return new RandomStream(JSON.stringify(key));
  }

  /** Random numbers for a purpose by place instead of in sequence. */
  hash(purpose: string): CounterHash {
    const stream = this.stream(purpose, 'counter hash');
    return new CounterHash(stream.int32(), stream.int32());
  }
}

/** A sequence of random numbers. */
export class RandomStream {
  private readonly generator: seedrandom.PRNG;

  constructor(key: string) {
    this.generator = seedrandom.alea(key);
  }

  /** Uniform in (0, 1), with 53 bits. Never 0, so that its logarithm is finite. */
  double(): number {
    let u = this.generator.double();
    while (u === 0) u = this.generator.double();
    return u;
  }

  /** Uniform among the integers from 0 to below `bound`, which is at most 2^31. */
  integerBelow(bound: number): number {
    return Math.floor(this.double() * bound);
  }

  /** Uniform among all 32-bit integers. */
  int32(): number {
    return this.generator.int32();
  }
}

/**
 * Random numbers that are a function of (entity, index): the same whatever else was drawn, and in whatever order.
 *
 * For hot loops that need one number for each pair, such as the delay of each update on each node, where a stream per entity
 * would cost memory and a lasting order of draws. The idea is that of the counter-based generators of Salmon et al. (2011,
 * "Parallel random numbers: as easy as 1, 2, 3"), keyed from a stream.
 *
 * The entity is mixed to a multiplier for the index, and the product goes through the two rounds of a 32-bit finalizer
 * (multipliers of C. Wellons' hash prospector). A multiplier of its own per entity, because the usual sum of the two would
 * give all entities the same sequence, each from another place on.
 */
export class CounterHash {
  private readonly key0: number;
  private readonly key1: number;

  constructor(key0: number, key1: number) {
    this.key0 = key0;
    this.key1 = key1;
  }

  /**
   * Uniform in (0, 1), in steps of 2^-32.
   *
   * @param entity a 32-bit integer
   * @param index a 32-bit integer
   */
  uniform(entity: number, index: number): number {
    let multiplier = Math.imul(entity ^ this.key0, 0x9e3779b1);
    multiplier ^= multiplier >>> 15;
    let hash = Math.imul(index ^ this.key1, multiplier | 1);
    hash ^= (hash >>> 16) ^ multiplier;
    hash = Math.imul(hash, 0x21f0aaad);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x735a2d97);
    hash ^= hash >>> 15;
    // The middle of the step, which leaves out both 0 and 1.
    return ((hash >>> 0) + 0.5) * TWO_TO_MINUS_32;
  }
}

const TWO_TO_MINUS_32 = 1 / 0x1_0000_0000;
