/**
 * A process that quantises a model for generation and ends with SIGKILL at file operation number `killAt`, or prints the
 * list of its operations. For tests. Arguments, as one JSON object: `model`, `killAt`.
 */
import { killAtFileOperation } from './kill-at-file-operation.ts';

const { model, killAt } = JSON.parse(process.argv[2] ?? '{}');
const operations = await killAtFileOperation(killAt);
const { openGenerationWeights } = await import('../generation-weights.ts');
const { openModelFolder } = await import('../model-folder.ts');
const { createWorkerRuntime } = await import('../worker-runtime.ts');

const runtime = createWorkerRuntime();
await openGenerationWeights(runtime, await openModelFolder(model), 'int4', { threads: 1 });
await runtime.close();
process.stdout.write(JSON.stringify(operations));
