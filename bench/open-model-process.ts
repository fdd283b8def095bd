import { openLoraModel } from './lora-model.ts';
import { processMemory } from './process-memory.ts';

// Opens a model up to the session of its first training step, and says how long that took since the process began.
const { model, close } = await openLoraModel(process.argv[2] ?? '', 2);
await model.session({ kind: 'loss', batch: 1, length: 512, gradients: true, dropout: 0 });
console.log(JSON.stringify({ seconds: performance.now() / 1000, ...processMemory() }));
await close();
