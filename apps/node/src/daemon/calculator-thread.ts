import { checkOf, sumOf, uploadOf } from './calculations.ts';
import { serveTasks } from './serve-tasks.ts';

/** What the thread can do. */
const calculations = {
  upload: uploadOf,
  addUp: (files: Parameters<typeof sumOf>[0]) => sumOf(files),
  check: checkOf,
};

export type Calculations = typeof calculations;

// One after the other: each holds several arrays as long as the model.
serveTasks(calculations, { isSerial: true });
