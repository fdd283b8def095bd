import { formatDuration } from './format-duration.ts';

/** A redraw every tenth of a second is as much as an eye follows. */
const LIVE_INTERVAL_MS = 100;
/** Where lines pile up, as in a log, few are enough. */
const LINE_INTERVAL_MS = 10_000;
const BAR_WIDTH = 24;

export interface Progress {
  /** @param note shown behind, such as the loss. */
  update(done: number, note?: string): void;
  /** Puts a line above the bar. */
  say(line: string): void;
  /** Shows the last state and ends the line. Does nothing where it ended before. */
  end(): void;
}

export interface ProgressOptions {
  readonly label: string;
  /** Of `total` and of the rate: "examples". */
  readonly unit: string;
  readonly total: number;
  /** A clock that does not go back. */
  readonly nowMs: () => number;
  /** One line that is drawn over and over, for terminals; otherwise lines now and then. */
  readonly live: boolean;
  readonly out: { write(text: string): unknown };
}

/** A bar with rate and time left. The first update sets the start, so work done before does not count as speed. */
export function createProgress({ nowMs, live, out, ...fixed }: ProgressOptions): Progress {
  let start: { readonly done: number; readonly ms: number } | null = null;
  let shownMs = Number.NEGATIVE_INFINITY;
  let pending: string | null = null;
  let ended = false;
  const clear = live ? '\r\u001b[2K' : '';

  return {
    update(done, note = '') {
      const ms = nowMs();
      start ??= { done, ms };
      pending = progressLine({ ...fixed, done, note, since: start, ms });
      if (ms - shownMs < (live ? LIVE_INTERVAL_MS : LINE_INTERVAL_MS)) return;
      shownMs = ms;
      out.write(live ? clear + pending : `${pending}\n`);
      if (!live) pending = null;
    },
    say(line) {
      out.write(`${clear}${line}\n`);
      if (live && pending !== null) out.write(pending);
    },
    end() {
      if (ended) return;
      ended = true;
      if (pending !== null) out.write(`${clear}${pending}\n`);
    },
  };
}

interface LineState extends Pick<ProgressOptions, 'label' | 'unit' | 'total'> {
  readonly done: number;
  readonly note: string;
  readonly since: { readonly done: number; readonly ms: number };
  readonly ms: number;
}

function progressLine({ label, unit, total, done, note, since, ms }: LineState): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const filled = Math.round(share * BAR_WIDTH);
  const parts = [`${label} [${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${done}/${total}`];
  const seconds = (ms - since.ms) / 1000;
  const rate = seconds > 0 ? (done - since.done) / seconds : 0;
  if (rate > 0) {
    parts.push(`${rate.toPrecision(3)} ${unit}/s`);
    if (done < total) parts.push(`${formatDuration((total - done) / rate)} left`);
  }
  if (note !== '') parts.push(note);
  return parts.join('  ');
}
