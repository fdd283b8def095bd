import type { TrainEvent } from '@skein/engine';
import type { PreparedRun } from '@skein/engine/node';
import type { Progress } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** Trains while a bar shows step, rate, time left and loss. */
export async function showTraining(
  prepared: PreparedRun,
  { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
): ReturnType<PreparedRun['run']> {
  let bar: Progress | null = null;
  let note = '';
  const onEvent = (event: TrainEvent) => {
    switch (event.type) {
      case 'start':
        if (event.step > 0) terminal.say(`Going on after step ${event.step}.`);
        bar = terminal.progress({ label: 'step', unit: 'steps', total: event.totalSteps });
        bar.update(event.step);
        break;
      case 'step':
        note = `loss ${event.loss.toFixed(4)}  ${Math.round(event.tokensPerSecond)} tokens/s`;
        bar?.update(event.step, note);
        break;
      case 'evaluation':
        bar?.say(
          `step ${event.step}: validation loss ${event.loss.toFixed(4)}${event.best ? ', the best so far' : ''}`,
        );
        break;
      case 'checkpoint':
        break;
      case 'end':
        bar?.end();
        if (event.status === 'early-stopped') terminal.say(`Stopped early at step ${event.step}: no more gain.`);
        break;
    }
  };
  try {
    return await prepared.run({ onEvent, signal });
  } finally {
    // Assigned in a callback, which the compiler does not follow.
    (bar as Progress | null)?.end();
  }
}
