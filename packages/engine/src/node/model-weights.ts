import type { Parameter } from '../train/differentiable-model.ts';
import { weightShapes } from '../models/weight-names.ts';
import type { ModelFolder } from './model-folder.ts';
import { openSafetensors } from './safetensors-file.ts';

/** Every weight of a model as float32 in memory, in the order of `weightShapes`: for full fine-tuning of small models. */
export async function readAllWeights(folder: ModelFolder): Promise<Parameter[]> {
  const parameters: Parameter[] = [];
  for await (const parameter of streamWeights(folder)) parameters.push(parameter);
  return parameters;
}

/** The same, one at a time. */
export async function* streamWeights(folder: ModelFolder): AsyncGenerator<Parameter> {
  const readers = new Map<string, Awaited<ReturnType<typeof openSafetensors>>>();
  try {
    for (const [name, dims] of weightShapes(folder.config)) {
      const source = folder.weights.get(name)?.source;
      if (!source || ArrayBuffer.isView(source)) continue;
      const reader = readers.get(source.file) ?? (await openSafetensors(source.file));
      readers.set(source.file, reader);
      yield { name, dims, data: await reader.readFloats(name) };
    }
  } finally {
    for (const reader of readers.values()) await reader.close();
  }
}
