import type { ModelConfig } from './model-config.ts';
import { HEAD_PATH, type LinearName, linearPath, moduleDims } from './weight-names.ts';

/** Linears of one input, whose products are made together while generating. */
export interface Stack {
  /** Names it, as a module path does. */
  readonly path: string;
  /** Module paths of its linears, from the top. */
  readonly modules: readonly string[];
  /** Width of each linear's result. */
  readonly outs: readonly number[];
  readonly into: number;
}

const IN_LAYER = {
  'self_attn.qkv_proj': ['q_proj', 'k_proj', 'v_proj'],
  'self_attn.o_proj': ['o_proj'],
  'mlp.gate_up_proj': ['gate_proj', 'up_proj'],
  'mlp.down_proj': ['down_proj'],
} as const satisfies Readonly<Record<string, readonly LinearName[]>>;

export type StackName = keyof typeof IN_LAYER;

export function stackPath(layer: number, name: StackName): string {
  return `model.layers.${layer}.${name}`;
}

/** Every stack of a model by its path, the head's last. */
export function stacksOf(config: ModelConfig): ReadonlyMap<string, Stack> {
  const stack = (path: string, modules: readonly string[]): [string, Stack] => {
    const dims = modules.map((module) => moduleDims(config, module));
    return [path, { path, modules, outs: dims.map(([out]) => out), into: dims[0]?.[1] ?? 0 }];
  };
  const layers = Array.from({ length: config.layers }, (_, layer) =>
    (Object.keys(IN_LAYER) as StackName[]).map((name) => {
      return stack(
        stackPath(layer, name),
        IN_LAYER[name].map((linear) => linearPath(layer, linear)),
      );
    }),
  );
  return new Map([...layers.flat(), stack(HEAD_PATH, [HEAD_PATH])]);
}
