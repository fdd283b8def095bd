import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { randomModel } from './random-model.ts';

/** Time and memory until a 2 GB model is ready for its first training step, five fresh processes: `node bench/open-model.ts`. */
const model = await randomModel();
for (let round = 0; round < 5; round++) {
  const program = join(import.meta.dirname, 'open-model-process.ts');
  process.stdout.write(execFileSync(process.execPath, [program, model], { encoding: 'utf8' }));
}
