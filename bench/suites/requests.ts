import { RandomStreams } from '../../sim/kernel/random.js';
import { Simulation } from '../../sim/kernel/simulation.js';
import { Acceptance, type ConnectionRoute } from '../../sim/model/traffic/connection-routes.js';
import { BackendChoices } from '../../sim/model/traffic/connections/backend-choices.js';
import { ConnectionOpener } from '../../sim/model/traffic/connections/connection-opener.js';
import type { ChoiceSettings } from '../../sim/model/traffic/connections/create-backend-choice.js';
import { RequestLevel } from '../../sim/model/traffic/requests/request-level.js';
import { TrafficTally } from '../../sim/model/traffic/traffic-tally.js';
import type { Suite, Task } from '../suite.js';

const REQUESTS = 20_000;
const PODS = 100;
const CONCURRENCY = 8;
const MEAN_SERVICE_NS = 20e6;
const UTILIZATION = 0.8;
const CHOICE: ChoiceSettings = { mode: 'iptables', ipvsScheduler: 'rr', protocol: 'TCP', affinityTimeoutNs: null };

const accepts = (): Acceptance => Acceptance.accepts;

/** Requests through the whole of the request level: connection, queue, service, response time. Two events each. */
function requestTask(connections: number | null, gated: boolean): Task {
  return {
    name: connections === null ? 'a connection each' : `${connections.toLocaleString('en')} connections`,
    operations: REQUESTS,
    gated,
    prepare: () => {
      const simulation = new Simulation({ fingerprint: true });
      const requestsPerSecond = (UTILIZATION * PODS * CONCURRENCY * 1e9) / MEAN_SERVICE_NS;
      const serviceTime = { meanNs: MEAN_SERVICE_NS, variation: 1 };
      const application = { concurrency: CONCURRENCY, queueLimit: null, serviceTime, acceptsAfterSigterm: false };
      const route: ConnectionRoute = {
        outcome: 'FORWARD',
        set: { pods: Int32Array.from({ length: PODS }, (_, pod) => pod) },
        isMasqueraded: false,
      };
      const streams = new RandomStreams(1, 0);
      const level = new RequestLevel(
        {
          simulation,
          streams,
          nodes: { zone: new Uint16Array(PODS) },
          pods: { node: Int32Array.from({ length: PODS }, (_, pod) => pod), service: new Int32Array(PODS) },
          applicationOf: () => application,
          tally: new TrafficTally(),
        },
        new ConnectionOpener(
          { routeOf: () => route, entryNode: (_clients, _service, uniform) => Math.floor(uniform * PODS) },
          new BackendChoices(() => CHOICE, streams.hash('order of endpoints'), accepts),
          accepts,
        ),
        [
          {
            clients: 0,
            service: 0,
            isFromOutside: true,
            load: { kind: 'open', requestsPerSecond },
            keepAlive: connections === null ? null : { connections, meanLifetimeNs: null },
            sourceAddresses: 1000,
            serviceTime,
          },
        ],
        0,
      );
      for (let pod = 0; pod < PODS; pod++) level.onAcceptance(pod, Acceptance.accepts);
      level.start();
      const callNs = Math.round((REQUESTS * 1e9) / requestsPerSecond);
      simulation.run(callNs);
      return () => simulation.run(simulation.nowNs + callNs);
    },
  };
}

export const requestSuite: Suite = {
  name: 'requests',
  description: 'Requests one by one, through queues in pods at a utilization of 0.8',
  tasks: [requestTask(null, true), requestTask(1000, false)],
};
