/** The worker of the thread executor's tests. */

import { replicationWorker } from '../worker-protocol.js';
import { fakeReplication } from './fake-replication.js';

export default replicationWorker(fakeReplication);
