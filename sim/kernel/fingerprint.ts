/**
 * A running hash of a trajectory: of the time, the kind and the payloads of every event, in the order in which they fired.
 *
 * Two lanes of 32 bits in the manner of FNV-1a, by whole words instead of bytes and with a rotation to carry high bits down,
 * which the multiplication alone never does. Each lane takes in the other, so that every word reaches all 64 bits. It
 * tells apart trajectories that differ by accident; it is no defence against one made to collide.
 */
export class TrajectoryHash {
  // The halves of FNV-1a's 64-bit offset basis.
  private low = 0x84222325 | 0;
  private high = 0xcbf29ce4 | 0;

  add(timeNs: number, kind: number, a: number, b: number): void {
    // A time has 53 bits: `| 0` keeps the low 32, the quotient holds the others.
    const timeLow = timeNs | 0;
    const timeHigh = (timeNs / 0x1_0000_0000) | 0;
    // FNV's 32-bit prime, and the multiplier of xxHash32 for the second lane, lest the two lanes move in step.
    let low = Math.imul(this.low ^ timeLow, 0x01000193);
    let high = Math.imul(this.high ^ timeHigh ^ (kind << 16), 0x9e3779b1 | 0);
    low = Math.imul(((low << 13) | (low >>> 19)) ^ a ^ high, 0x01000193);
    high = Math.imul(((high << 17) | (high >>> 15)) ^ b ^ low, 0x9e3779b1 | 0);
    this.low = low;
    this.high = high;
  }

  /** The hash so far as 16 hexadecimal digits. */
  toString(): string {
    return hex(this.high) + hex(this.low);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
