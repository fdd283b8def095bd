/**
 * A process that trains one round and ends with SIGKILL at file operation number `killAt`, or prints the list of its
 * operations. For tests. Arguments, as one JSON object: `model`, `data`, `directory`, `killAt`.
 */
import { killAtFileOperation } from './kill-at-file-operation.ts';

const { model, data, directory, killAt } = JSON.parse(process.argv[2] ?? '{}');
const operations = await killAtFileOperation(killAt);
const { createLocalTrainer } = await import('../local-trainer.ts');
const { createWorkerRuntime } = await import('../worker-runtime.ts');
const { ffaMethod, localRound } = await import('./local-round.ts');

const runtime = createWorkerRuntime();
const trainer = await createLocalTrainer(runtime, { model, method: ffaMethod, threads: 1 });
await trainer.trainRound(localRound({ directory, data: [data], parameters: trainer.initial }));
await trainer.close();
await runtime.close();
process.stdout.write(JSON.stringify(operations));
