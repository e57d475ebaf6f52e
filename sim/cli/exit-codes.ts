/** What the commands end with; scripts rely on these numbers. */
export const EXIT = {
  /** Done, and every objective passes. */
  ok: 0,
  /** A fault of kube-headroom, or a result that could not be written. */
  fault: 1,
  /** Bad usage or a bad scenario; nothing ran. */
  usage: 2,
  /** An objective failed or could not be judged for want of samples, or `validate` found a miss. */
  missed: 3,
  /** More replications are needed for a verdict. */
  inconclusive: 4,
  /** Interrupted, as shells number it: 128 + SIGINT. */
  interrupted: 130,
} as const;
