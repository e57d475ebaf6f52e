/**
 * What the API servers have sent to watchers, and what it has cost them, worked out of the log when a run is over.
 *
 *   log (frames by entry and server), replays, lists --> bytes, events, busy network cards, CPU; series over time
 *
 * With the serialization cache (KEP-1152) an event is encoded once on each server, without it once for each watcher. Replays and
 * lists are encoded for each client alone in any case: the cache holds what the dispatcher sends.
 */

import { TimeSeries } from '../stats/time-series.js';
import type { WatchConnections } from './controlplane/watch-connections.js';
import type { WatchFanOut } from './controlplane/watch-fan-out.js';
import { API_SERVER_COSTS } from './versions/costs.js';

const NS_PER_SECOND = 1e9;
/** Finest resolution of the series: shorter than any batch or sync period that a reader would look for. */
const SERIES_BIN_NS = 1e8;

/** CPU time of an API server in nanoseconds. */
const CPU = {
  encodePerObject: API_SERVER_COSTS.encodePerObject.value * NS_PER_SECOND,
  encodePerByte: API_SERVER_COSTS.encodePerByte.value * NS_PER_SECOND,
  encodePerByteForEachWatcher: API_SERVER_COSTS.encodePerByteForEachWatcher.value * NS_PER_SECOND,
  sendPerEvent: API_SERVER_COSTS.sendPerEvent.value * NS_PER_SECOND,
  sendPerByte: API_SERVER_COSTS.sendPerByte.value * NS_PER_SECOND,
} as const;

/** CPU time of an API server for one watcher of one event. */
export function frameCpuNs(serializationCache: boolean): { readonly perFrame: number; readonly perByte: number } {
  return serializationCache
    ? { perFrame: CPU.sendPerEvent, perByte: CPU.sendPerByte }
    : { perFrame: CPU.sendPerEvent + CPU.encodePerObject, perByte: CPU.sendPerByte + CPU.encodePerByteForEachWatcher };
}

/** CPU time of an API server for a list that it sends. */
export function listCpuNs({ objects, bytes }: { readonly objects: number; readonly bytes: number }): number {
  return CPU.sendPerEvent + objects * CPU.encodePerObject + bytes * (CPU.encodePerByte + CPU.sendPerByte);
}

export interface WatchTraffic {
  /** To watchers, replays included, lists not. */
  readonly bytes: number;
  readonly events: number;
  /** Of the busiest network card, lists included. */
  readonly networkBusyNs: number;
  readonly cpuNs: number;
  /** Of the busiest dispatcher. */
  readonly dispatcherBusyNs: number;
  /** Of the API server that has used most, lists included. */
  readonly mostCpuNs: number;
}

/** What has left the API servers by `endNs`: all of it, unless the run was cut off. */
export function watchTraffic(
  log: WatchFanOut,
  connections: WatchConnections,
  serializationCache: boolean,
  endNs: number,
): WatchTraffic {
  const perFrame = frameCpuNs(serializationCache);
  const perReplayed = frameCpuNs(false);
  let bytes = 0;
  let events = 0;
  let cpuNs = 0;
  let networkBusyNs = 0;
  let mostCpuNs = 0;
  let dispatcherBusyNs = 0;
  for (let server = 0; server < log.apiServers; server++) {
    let busyNs = log.networkNs(connections.listBytesOf[server]!);
    let serverCpuNs = 0;
    let dispatches = 0;
    for (let entry = 0; entry < log.length; entry++) {
      const frames = log.framesOut(entry, server, endNs);
      if (frames === 0) continue;
      const frameBytes = log.bytes[entry]!;
      dispatches += frames;
      events += frames;
      bytes += frames * frameBytes;
      busyNs += frames * log.networkNs(frameBytes);
      if (serializationCache) serverCpuNs += CPU.encodePerObject + CPU.encodePerByte * frameBytes;
      serverCpuNs += frames * (perFrame.perFrame + perFrame.perByte * frameBytes);
    }
    for (const replay of connections.replays.values()) {
      if (replay.server !== server || replay.outNs > endNs) continue;
      events += replay.events;
      bytes += replay.bytes;
      busyNs += log.networkNs(replay.bytes);
      serverCpuNs += replay.events * perReplayed.perFrame + perReplayed.perByte * replay.bytes;
    }
    cpuNs += serverCpuNs;
    dispatcherBusyNs = Math.max(dispatcherBusyNs, dispatches * log.dispatchPerWatcherNs);
    networkBusyNs = Math.max(networkBusyNs, busyNs);
    mostCpuNs = Math.max(mostCpuNs, serverCpuNs + connections.listCpuNs[server]!);
  }
  return { bytes, events, networkBusyNs, cpuNs, dispatcherBusyNs, mostCpuNs };
}

export interface WatchTrafficSeries {
  readonly bytes: TimeSeries;
  readonly events: TimeSeries;
}

/** All that was and will be sent to watchers, over time; lists are not in it. */
export function watchTrafficSeries(log: WatchFanOut, connections: WatchConnections): WatchTrafficSeries {
  const bytes = new TimeSeries(SERIES_BIN_NS);
  const events = new TimeSeries(SERIES_BIN_NS);
  for (let entry = 0; entry < log.length; entry++) {
    for (let server = 0; server < log.apiServers; server++) {
      const frames = log.framesOf(entry, server);
      if (frames === 0) continue;
      const firstNs = log.firstFrameNs(entry, server);
      // Lost frames are mostly those of the last ranks.
      const lastNs = log.outNs(entry, server, frames - 1);
      bytes.addSpread(firstNs, lastNs, log.bytes[entry]! * frames);
      events.addSpread(firstNs, lastNs, frames);
    }
  }
  for (const replay of connections.replays.values()) {
    bytes.addSpread(replay.startNs, replay.outNs, replay.bytes);
    events.addSpread(replay.startNs, replay.outNs, replay.events);
  }
  return { bytes, events };
}
