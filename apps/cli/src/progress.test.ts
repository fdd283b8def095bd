import { expect, test } from 'vitest';
import { createProgress } from './progress.ts';

function recorded(live: boolean) {
  const written: string[] = [];
  let ms = 0;
  const progress = createProgress({
    label: 'step',
    unit: 'steps',
    total: 100,
    live,
    nowMs: () => ms,
    out: { write: (text: string) => written.push(text) },
  });
  const at = (time: number, done: number, note?: string) => {
    ms = time;
    progress.update(done, note);
  };
  return { written, progress, at };
}

test('draws one line over and over on a terminal, with rate, time left and a note', () => {
  const { written, progress, at } = recorded(true);
  at(0, 0);
  at(50, 1);
  at(1000, 25, 'loss 1.5');
  progress.say('checkpoint');
  at(4000, 100);
  progress.end();
  progress.end();
  const clear = '\r\u001b[2K';
  const quarter = 'step [######..................] 25/100  25.0 steps/s  3 s left  loss 1.5';
  const whole = `${clear}step [########################] 100/100  25.0 steps/s`;
  expect(written).toEqual([
    `${clear}step [........................] 0/100`,
    clear + quarter,
    `${clear}checkpoint\n`,
    quarter,
    whole,
    `${whole}\n`,
  ]);
});

test('writes a plain line at most every ten seconds elsewhere, and the last state', () => {
  const { written, progress, at } = recorded(false);
  at(0, 10);
  at(5000, 20);
  at(10_000, 30);
  at(11_000, 40);
  progress.end();
  expect(written.map((line) => line.slice(-39))).toEqual([
    'step [##......................] 10/100\n',
    expect.stringContaining('30/100  2.00 steps/s  35 s left\n'),
    expect.stringContaining('40/100  2.73 steps/s  22 s left\n'),
  ]);
  expect(written.join('')).not.toContain('\r');
});
