import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RoundTimes } from './coordinator/round-times.ts';

/** What the hub measures of itself, for Prometheus. */
export interface Metrics {
  readonly registry: Registry;
  readonly requests: Histogram<'method' | 'route' | 'status'>;
  readonly messages: Counter<'kind' | 'outcome'>;
  readonly roundsClosed: Counter<'result'>;
  readonly bytes: Counter<'direction'>;
  readonly logSize: Gauge;
  readonly chainLag: Gauge;
  readonly keeperFailures: Counter<'action'>;
  phaseEnded(times: RoundTimes, nowMs: number): void;
}

const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10];
const PHASE_SECONDS = [0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200, 86400];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const phases = new Histogram({
    name: 'skein_hub_phase_seconds',
    help: 'How long phases of rounds took',
    labelNames: ['phase'],
    buckets: PHASE_SECONDS,
    registers,
  });
  return {
    registry,
    requests: new Histogram({
      name: 'skein_hub_request_seconds',
      help: 'Requests and how long they took; streams of events count when they end',
      labelNames: ['method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    }),
    messages: new Counter({
      name: 'skein_hub_messages_total',
      help: 'Messages of members by outcome',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    roundsClosed: new Counter({
      name: 'skein_hub_rounds_closed_total',
      help: 'Rounds that ended',
      labelNames: ['result'],
      registers,
    }),
    bytes: new Counter({
      name: 'skein_hub_blob_bytes_total',
      help: 'Bytes of blobs that came and went',
      labelNames: ['direction'],
      registers,
    }),
    logSize: new Gauge({ name: 'skein_hub_log_entries', help: 'Entries of the transparency log', registers }),
    chainLag: new Gauge({ name: 'skein_hub_chain_lag_seconds', help: 'Since the chain was last heard', registers }),
    keeperFailures: new Counter({
      name: 'skein_hub_keeper_failures_total',
      help: 'Transactions of the keeper that did not go through',
      labelNames: ['action'],
      registers,
    }),
    phaseEnded: ({ phase, enteredMs }, nowMs) => phases.observe({ phase }, Math.max(0, nowMs - enteredMs) / 1000),
  };
}
