const TABLE_SIZE = 1 << 16;
const BLOCK_SIZE = 12;
/** Makes a call last about 2 ms. */
const BLOCKS = 10_000;

/**
 * Work that takes the machine's speed out of a measurement: the gate compares the CPU time of a task with that of this kernel
 * in the same process. It gathers numbers from all over a table that fits the second-level cache, sorts them by insertion in
 * small blocks and puts them back: with cache misses and mispredicted branches as the tasks have them, because a neighbour
 * on the same core slows those down, and would hardly slow down a chain of arithmetic.
 *
 * Integers only. A kernel that mixed integers and doubles was compiled to code several times slower in some processes than in
 * others, by what V8 had seen first.
 */
export function prepareReferenceKernel(): () => number {
  const table = new Int32Array(TABLE_SIZE);
  for (let i = 0; i < TABLE_SIZE; i++) table[i] = Math.imul(i, 0x9e3779b1);
  const block = new Int32Array(BLOCK_SIZE);
  let state = 0x2545f491;
  return () => {
    for (let round = 0; round < BLOCKS; round++) {
      for (let length = 0; length < BLOCK_SIZE; length++) {
        // Marsaglia's xorshift with 32 bits.
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        const value = table[state & (TABLE_SIZE - 1)]! ^ state;
        let place = length;
        while (place > 0 && block[place - 1]! > value) {
          block[place] = block[place - 1]!;
          place--;
        }
        block[place] = value;
      }
      for (const value of block) table[value & (TABLE_SIZE - 1)] = value;
    }
    return state;
  };
}
