/** A misuse of the kernel: scheduling into the past, an event kind that does not exist, an overfull event table. */
export class KernelError extends Error {
  override readonly name = 'KernelError';
}

/** The event whose handler threw. */
export interface FailedEvent {
  readonly kind: string;
  readonly a: number;
  readonly b: number;
  readonly timeNs: number;
}

/** A handler threw: names the event and, through the simulation's context, how to get there again. The cause is kept. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError';
  readonly event: FailedEvent;
  /** What the simulation was given as `context`, such as its seed and replication. */
  readonly context: string | undefined;

  constructor(event: FailedEvent, context: string | undefined, cause: unknown) {
    const where = context === undefined ? '' : ` (${context})`;
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`event '${event.kind}' (a=${event.a}, b=${event.b}) at ${event.timeNs} ns failed${where}: ${reason}`, {
      cause,
    });
    this.event = event;
    this.context = context;
  }
}
