/** The largest amounts that a scenario may ask for where Kubernetes itself sets no limit. */

/** The tables of ten million pods take about a gigabyte in every worker thread. */
export const MAX_PODS = 10_000_000;

/** Above any client limit in use; keeps token buckets within the precision of nanoseconds. */
export const MAX_RATE = 1_000_000;

/** Twenty times the largest cluster that Kubernetes supports. */
export const MAX_NODES = 100_000;

export const MAX_ZONES = 1000;
