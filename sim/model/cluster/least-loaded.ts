/**
 * Members of a set by how many things each has, for picking one of those with the fewest at random.
 *
 *   order of members, by count:  | 0 0 0 | 1 1 | 2 | set aside |      starts of the counts: 0, 3, 5
 *
 * Adding to and taking from a member moves it over one boundary, by a swap; so everything takes constant time, but for a binary
 * search among the counts. Members of which nothing was ever said take no memory: there may be a set of 5,000 nodes for each of
 * thousands of services with a few pods.
 *
 * Members may be set aside: they are not picked, but still counted.
 */

export const NO_MEMBER = -1;

export class LeastLoaded {
  /** Members of which none is set aside are at the places from 0 to here. */
  #takingPart: number;
  /** First place of the members with each count or a higher one, up to the highest count. */
  readonly #starts: number[] = [0];
  // Only what differs from each member being at the place of its own number.
  readonly #memberAt = new Map<number, number>();
  readonly #placeOf = new Map<number, number>();
  /** Counts of the members that are set aside. */
  readonly #aside = new Map<number, number>();

  /** `members` are the numbers from 0 to below; none has anything yet. */
  constructor(members: number) {
    this.#takingPart = members;
  }

  /** How many things the member has. */
  countOf(member: number): number {
    return this.#aside.get(member) ?? this.#countAt(this.#place(member));
  }

  /** One of the members with the fewest, `uniform` of [0, 1) saying which; NO_MEMBER when all are set aside. */
  least(uniform: number): number {
    if (this.#takingPart === 0) return NO_MEMBER;
    return this.#member(Math.floor(uniform * this.#end(this.#countAt(0))));
  }

  /** The member has one more. */
  add(member: number): void {
    const aside = this.#aside.get(member);
    if (aside === undefined) this.#raise(member, this.#countAt(this.#place(member)));
    else this.#aside.set(member, aside + 1);
  }

  /** The member has one less. */
  take(member: number): void {
    const count = this.countOf(member);
    if (count === 0) throw new RangeError(`member ${member} has nothing to take`);
    if (this.#aside.has(member)) this.#aside.set(member, count - 1);
    else this.#lower(member, count);
    this.#dropEmptyCounts();
  }

  /** The member is not picked until it is restored. */
  setAside(member: number): void {
    const count = this.countOf(member);
    if (this.#aside.has(member)) return;
    const highest = this.#starts.length - 1;
    for (let at = count; at < highest; at++) this.#raise(member, at);
    this.#swap(this.#place(member), --this.#takingPart);
    this.#aside.set(member, count);
    this.#dropEmptyCounts();
  }

  /** Members that are set aside and for which `isBack` is true take part again. */
  restore(isBack: (member: number) => boolean): void {
    for (const [member, count] of this.#aside) {
      if (!isBack(member)) continue;
      this.#aside.delete(member);
      while (this.#starts.length <= count) this.#starts.push(this.#takingPart);
      this.#swap(this.#place(member), this.#takingPart++);
      for (let at = this.#starts.length - 1; at > count; at--) this.#lower(member, at);
    }
    this.#dropEmptyCounts();
  }

  /** From the last place of its count on, the member belongs to the next one. */
  #raise(member: number, count: number): void {
    const last = this.#end(count) - 1;
    this.#swap(this.#place(member), last);
    this.#starts[count + 1] = last;
  }

  #lower(member: number, count: number): void {
    const first = this.#starts[count]!;
    this.#swap(this.#place(member), first);
    this.#starts[count] = first + 1;
  }

  /** First place behind the members with this count. */
  #end(count: number): number {
    return this.#starts[count + 1] ?? this.#takingPart;
  }

  /** The highest count whose members start here or before. */
  #countAt(place: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#starts[middle]! <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #dropEmptyCounts(): void {
    while (this.#starts.length > 1 && this.#starts.at(-1)! >= this.#takingPart) this.#starts.pop();
  }

  #member(place: number): number {
    return this.#memberAt.get(place) ?? place;
  }

  #place(member: number): number {
    return this.#placeOf.get(member) ?? member;
  }

  #swap(place: number, other: number): void {
    if (place === other) return;
    const member = this.#member(place);
    this.#put(this.#member(other), place);
    this.#put(member, other);
  }

  #put(member: number, place: number): void {
    if (member === place) {
      this.#memberAt.delete(place);
      this.#placeOf.delete(member);
    } else {
      this.#memberAt.set(place, member);
      this.#placeOf.set(member, place);
    }
  }
}
