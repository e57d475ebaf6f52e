import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GracefulDeletion, nextDeletionCheckNs } from './graceful-deletion.js';
import { VirtualServer } from './real-servers.js';
import { createScheduler } from './schedulers/create-scheduler.js';
import { NONE } from './schedulers/scheduler.js';

interface Case {
  readonly name: string;
  readonly test: string | null;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly withoutGrace?: readonly string[];
  readonly active: number;
  readonly inactive: number;
  readonly other: boolean;
  readonly weight: number | null;
}
const { cases } = JSON.parse(readFileSync(new URL('graceful-deletion.cases.json', import.meta.url), 'utf8')) as {
  readonly cases: readonly Case[];
};

const ADDRESS = 7;
const OTHER = 8;
const virtualServerOf = (protocol: 'TCP' | 'UDP' | 'SCTP', active: number, inactive: number, weight = 1) => {
  const virtualServer = new VirtualServer(protocol, createScheduler('rr'));
  virtualServer.add(ADDRESS, weight);
  virtualServer.active[0] = active;
  virtualServer.inactive[0] = inactive;
  return virtualServer;
};

describe('one deletion', () => {
  it.each(cases)('$name ($test)', ({ protocol, withoutGrace, active, inactive, other, weight }) => {
    const virtualServer = virtualServerOf(protocol, active, inactive, 100);
    const deletion = new GracefulDeletion(withoutGrace);
    deletion.delete(virtualServer, other ? OTHER : ADDRESS);
    const position = virtualServer.positionOf(ADDRESS);
    expect(position === NONE ? null : virtualServer.weight[position]).toBe(weight);
    expect(deletion.waiting).toBe(weight === 0 ? 1 : 0);
  });
});

describe('the list', () => {
  it('lets a server go at the first check that finds it without connections', () => {
    const virtualServer = virtualServerOf('TCP', 1, 0);
    const deletion = new GracefulDeletion();
    deletion.delete(virtualServer, ADDRESS);
    deletion.check();
    expect(virtualServer.count).toBe(1);
    virtualServer.active[0] = 0;
    virtualServer.inactive[0] = 1;
    deletion.check();
    expect([virtualServer.count, deletion.isWaiting(virtualServer, ADDRESS)]).toEqual([1, true]);
    virtualServer.inactive[0] = 0;
    expect(virtualServer.count).toBe(1);
    deletion.check();
    expect([virtualServer.count, deletion.waiting]).toEqual([0, 0]);
  });

  it('gives a server that is back no old connection', () => {
    const virtualServer = virtualServerOf('TCP', 5, 5);
    const deletion = new GracefulDeletion();
    deletion.delete(virtualServer, ADDRESS);
    deletion.add(virtualServer, ADDRESS);
    expect(deletion.waiting).toBe(0);
    expect([virtualServer.count, virtualServer.weight[0], virtualServer.active[0], virtualServer.inactive[0]]).toEqual([
      1, 1, 0, 0,
    ]);
    deletion.check();
    expect(virtualServer.count).toBe(1);
  });

  it('leaves a server as it is that is added twice', () => {
    const virtualServer = virtualServerOf('TCP', 5, 5);
    new GracefulDeletion().add(virtualServer, ADDRESS);
    expect([virtualServer.count, virtualServer.active[0]]).toEqual([1, 5]);
  });

  it('forgets the servers of a virtual server that is deleted, and no others', () => {
    const [gone, kept] = [virtualServerOf('TCP', 1, 0), virtualServerOf('TCP', 1, 0)];
    const deletion = new GracefulDeletion();
    deletion.delete(gone, ADDRESS);
    deletion.delete(kept, ADDRESS);
    deletion.drop(gone);
    expect([deletion.waiting, deletion.isWaiting(kept, ADDRESS)]).toEqual([1, true]);
  });

  it('forgets a server that has gone from the kernel by another hand', () => {
    const virtualServer = virtualServerOf('TCP', 1, 0);
    const deletion = new GracefulDeletion();
    deletion.delete(virtualServer, ADDRESS);
    virtualServer.remove(0);
    deletion.check();
    expect(deletion.waiting).toBe(0);
  });

  it('is looked at every minute from the start of the process on', () => {
    expect(nextDeletionCheckNs(5e9, 5e9)).toBe(65e9);
    expect(nextDeletionCheckNs(5e9, 64.9e9)).toBe(65e9);
    expect(nextDeletionCheckNs(5e9, 65e9)).toBe(125e9);
  });
});

it('gives a waiting server no flow, and waits for exactly those of weight 0', () => {
  const steps = fc.record({
    operation: fc.constantFrom('add', 'delete', 'open', 'close', 'check'),
    address: fc.nat(5),
  });
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 80 }), (sequence) => {
      const virtualServer = new VirtualServer('TCP', createScheduler('rr'));
      const deletion = new GracefulDeletion();
      const endpoints = new Set<number>();
      const flow = { source: 1, sourcePort: 2, destination: 3, timeNs: 0 };
      for (const { operation, address } of sequence) {
        if (operation === 'add') {
          deletion.add(virtualServer, address);
          endpoints.add(address);
        } else if (operation === 'delete') {
          deletion.delete(virtualServer, address);
          endpoints.delete(address);
        } else if (operation === 'open') {
          const position = virtualServer.pick(flow);
          expect(position === NONE).toBe(endpoints.size === 0);
          if (position === NONE) continue;
          expect(endpoints.has(virtualServer.address[position]!)).toBe(true);
          virtualServer.active[position]!++;
        } else if (operation === 'close') {
          const position = virtualServer.positionOf(address);
          if (position !== NONE && virtualServer.active[position]! > 0) virtualServer.active[position]!--;
        } else deletion.check();
        let waiting = 0;
        for (let position = 0; position < virtualServer.count; position++) {
          const isWaiting = deletion.isWaiting(virtualServer, virtualServer.address[position]!);
          expect(isWaiting).toBe(virtualServer.weight[position] === 0);
          expect(isWaiting).toBe(!endpoints.has(virtualServer.address[position]!));
          if (isWaiting) waiting++;
        }
        expect([deletion.waiting, virtualServer.count]).toEqual([waiting, endpoints.size + waiting]);
      }
    }),
  );
});
