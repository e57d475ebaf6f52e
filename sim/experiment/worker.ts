/** The worker thread of the thread executor: Piscina loads this file and calls its default export. */

import { runReplication } from './replication.js';
import { replicationWorker } from './worker-protocol.js';

export default replicationWorker(runReplication);
