import { KernelError, SimulationError } from './errors.js';
import type { EventQueue } from './event-queue.js';
import { TrajectoryHash } from './fingerprint.js';
import { LadderQueue } from './ladder-queue.js';

/** A kind of event, bound to its handler by `Simulation.registerKind`. */
export type EventKind = number;

/** Does what an event of its kind does, at `Simulation.nowNs`. The payloads are those given to `schedule`. */
export type EventHandler = (a: number, b: number) => void;

/**
 * One scheduled event: the number of its record, and how often that record had been used before. Never reused, so that
 * a handle kept for longer than its event does not touch another one. Never negative, so that -1 can stand for none.
 */
export type EventHandle = number;

/**
 * Why `Simulation.run` returned: no event was left; the next one is later than the given time; a handler called `stop`.
 */
export type StopReason = 'empty' | 'until' | 'stopped';

export interface SimulationOptions {
  /** Default: a ladder queue. It must be empty, and belongs to the simulation from then on. */
  readonly queue?: EventQueue;
  /** Names the run in error messages, such as its seed and replication. */
  readonly context?: string;
  /** Whether to keep `Simulation.fingerprint`. Off by default. */
  readonly fingerprint?: boolean;
}

const INITIAL_RECORDS = 64;
/** A handle is `generation * MAX_RECORDS + record`: 26 and 27 bits, together the 53 that a number holds exactly. */
const MAX_RECORDS = 0x400_0000;
const MAX_GENERATION = 0x7ff_ffff;
/** The kind of a record whose event was cancelled and still waits in the queue. */
const CANCELLED = -1;

/**
 * A discrete-event simulation: the clock, the pending events, and the handlers that they are dispatched to.
 *
 * Time is a whole number of nanoseconds, which a JavaScript number holds exactly for 104 days. Events fire in order of
 * time and, at equal times, in the order in which they were scheduled; nothing else decides.
 *
 * The life of an event: `schedule` makes it *scheduled*. From there it goes exactly one way, to *fired* or to *cancelled*.
 * It counts as fired from just before its handler is called, so a handler can no longer cancel its own event, and its
 * handle is stale from then on: `cancel` of a stale handle changes nothing and returns false. An event scheduled by a
 * handler at the current time fires in the same run, after those that were scheduled for that time before it.
 *
 * An event is a record of numbers in typed arrays, so that neither scheduling nor firing one allocates an object. A
 * cancelled event keeps its record until its time comes: cancelling is O(1), and the queue needs no removal. (A model that
 * moves a far timer very often should rather let the event fire and look whether it is still due.)
 *
 * A handler that throws ends the run with a `SimulationError`. The state of the model is then unknown, and the simulation
 * should be discarded.
 */
export class Simulation {
  private readonly queue: EventQueue;
  private readonly context: string | undefined;
  private readonly trajectory: TrajectoryHash | undefined;

  private readonly handlers: EventHandler[] = [];
  private readonly kindNames: string[] = [];

  // Records of events. `payloads` holds a and b of each; a free record's a is the next free record.
  private kinds = new Int32Array(INITIAL_RECORDS);
  private payloads = new Int32Array(2 * INITIAL_RECORDS);
  private generations = new Int32Array(INITIAL_RECORDS);
  private usedRecords = 0;
  private freeRecord = -1;

  private clockNs = 0;
  private fired = 0;
  private cancelledInQueue = 0;
  private running = false;
  private stopRequested = false;

  constructor(options: SimulationOptions = {}) {
    this.queue = options.queue ?? new LadderQueue();
    this.context = options.context;
    this.trajectory = options.fingerprint === true ? new TrajectoryHash() : undefined;
  }

  /** The simulated time. */
  get nowNs(): number {
    return this.clockNs;
  }

  /** How many events have fired. */
  get eventsFired(): number {
    return this.fired;
  }

  /** How many events are scheduled and neither fired nor cancelled. */
  get pending(): number {
    return this.queue.size - this.cancelledInQueue;
  }

  /** The hash of all events that have fired, as 16 hexadecimal digits; needs the option `fingerprint`. */
  get fingerprint(): string {
    if (this.trajectory === undefined)
      throw new KernelError('the simulation was made without the option `fingerprint`');
    return this.trajectory.toString();
  }

  /**
   * Binds a new kind of event to its handler.
   *
   * @param name for messages; unique in this simulation
   */
  registerKind(name: string, handler: EventHandler): EventKind {
    if (this.kindNames.includes(name)) throw new KernelError(`event kind '${name}' is registered already`);
    this.kindNames.push(name);
    return this.handlers.push(handler) - 1;
  }

  /**
   * Schedules an event.
   *
   * @param timeNs when it is to fire: a whole number, not before `nowNs`
   * @param kind what `registerKind` returned
   * @param a first payload, a 32-bit integer
   * @param b second payload, a 32-bit integer
   */
  schedule(timeNs: number, kind: EventKind, a = 0, b = 0): EventHandle {
    // The negated comparison catches NaN too.
    if (!(timeNs >= this.clockNs) || !Number.isSafeInteger(timeNs)) throw this.badTime(timeNs, kind);
    if (this.handlers[kind] === undefined) throw new KernelError(`no event kind ${kind} is registered`);
    if ((a | 0) !== a || (b | 0) !== b) throw this.badPayload(kind, a, b);
    let record = this.freeRecord;
    if (record >= 0) this.freeRecord = this.payloads[2 * record]!;
    else record = this.newRecord();
    this.kinds[record] = kind;
    this.payloads[2 * record] = a;
    this.payloads[2 * record + 1] = b;
    this.queue.push(timeNs, record);
    return this.generations[record]! * MAX_RECORDS + record;
  }

  /** Cancels an event; false when it has fired or was cancelled before. */
  cancel(handle: EventHandle): boolean {
    const record = handle % MAX_RECORDS;
    const generation = (handle - record) / MAX_RECORDS;
    if (!(record < this.usedRecords) || this.generations[record] !== generation || this.kinds[record] === CANCELLED) {
      return false;
    }
    this.kinds[record] = CANCELLED;
    this.cancelledInQueue++;
    return true;
  }

  /**
   * Fires events in order until none is left, until the next one is later than `untilNs`, or until a handler calls `stop`.
   *
   * Events at `untilNs` itself fire. On 'until' the clock stands at `untilNs` afterwards, else at the last event that fired.
   */
  run(untilNs = Infinity): StopReason {
    if (this.running) throw new KernelError('run was called by an event handler, inside of another run');
    if (!(untilNs >= this.clockNs) || (untilNs !== Infinity && !Number.isSafeInteger(untilNs))) {
      throw new KernelError(
        `cannot run until ${untilNs} ns: it is ${this.clockNs} ns now, and time is in whole nanoseconds`,
      );
    }
    this.running = true;
    this.stopRequested = false;
    try {
      return this.fireUntil(untilNs);
    } finally {
      this.running = false;
    }
  }

  /** Makes `run` return once the current handler has. The events that are pending stay so, and `run` continues with them. */
  stop(): void {
    this.stopRequested = true;
  }

  private fireUntil(untilNs: number): StopReason {
    const queue = this.queue;
    const handlers = this.handlers;
    const trajectory = this.trajectory;
    let kind: EventKind = 0;
    let a = 0;
    let b = 0;
    try {
      while (!this.stopRequested) {
        const timeNs = queue.peekTimeNs();
        if (timeNs > untilNs || timeNs === Infinity) {
          if (timeNs === Infinity) return 'empty';
          this.clockNs = untilNs;
          return 'until';
        }
        const record = queue.pop();
        kind = this.kinds[record]!;
        a = this.payloads[2 * record]!;
        b = this.payloads[2 * record + 1]!;
        this.release(record);
        if (kind === CANCELLED) {
          this.cancelledInQueue--;
          continue;
        }
        this.clockNs = timeNs;
        this.fired++;
        trajectory?.add(timeNs, kind, a, b);
        handlers[kind]!(a, b);
      }
      return 'stopped';
    } catch (error) {
      throw new SimulationError({ kind: this.kindName(kind), a, b, timeNs: this.clockNs }, this.context, error);
    }
  }

  private newRecord(): number {
    if (this.usedRecords === MAX_RECORDS) throw new KernelError(`more than ${MAX_RECORDS} events are pending`);
    if (this.usedRecords === this.kinds.length) this.growRecords();
    return this.usedRecords++;
  }

  /** Makes the handle of a record stale and the record free. One whose generations are used up is never used again. */
  private release(record: number): void {
    const generation = this.generations[record]! + 1;
    this.generations[record] = generation;
    if (generation > MAX_GENERATION) return;
    this.payloads[2 * record] = this.freeRecord;
    this.freeRecord = record;
  }

  private growRecords(): void {
    const capacity = 2 * this.kinds.length;
    this.kinds = grown(this.kinds, capacity);
    this.payloads = grown(this.payloads, 2 * capacity);
    this.generations = grown(this.generations, capacity);
  }

  private kindName(kind: EventKind): string {
    return this.kindNames[kind] ?? `unregistered kind ${kind}`;
  }

  private badTime(timeNs: number, kind: EventKind): KernelError {
    const problem = timeNs < this.clockNs ? 'that is in the past' : 'time is in whole nanoseconds, below 2^53';
    const event = `event '${this.kindName(kind)}' at ${timeNs} ns`;
    return new KernelError(`cannot schedule ${event}: ${problem} (it is ${this.clockNs} ns now)`);
  }

  private badPayload(kind: EventKind, a: number, b: number): KernelError {
    return new KernelError(`event '${this.kindName(kind)}' cannot carry a=${a}, b=${b}: payloads are 32-bit integers`);
  }
}

function grown(words: Int32Array, length: number): Int32Array<ArrayBuffer> {
  const copy = new Int32Array(length);
  copy.set(words);
  return copy;
}
