import { BaseError } from '@skein/core';
import type { Graph, ValueInfo } from '../graph/graph.ts';
import { elementCount, type Tensor, type Tensors } from '../tensor.ts';
import type { RunOptions } from './runtime.ts';

/** Refuses what a session cannot run, before the runtime sees it: runtimes differ in what they notice, and in their words. */
export interface SessionChecks {
  bind(feeds: Tensors): void;
  /**
   * @param isBound whether an input has a value from before
   * @returns the outputs to bring back, and those to keep as the inputs of the next run.
   */
  run(
    feeds: Tensors,
    options: RunOptions,
    isBound: (input: string) => boolean,
  ): { readonly fetch: readonly string[]; readonly carry: readonly (readonly [output: string, input: string])[] };
  release(): void;
}

/**
 * What all runtimes ask of a session's inputs. After a refusal the session is as it was.
 * @throws BaseError (from its methods) `engine/runtime-input` for an input that the graph does not have, that is missing,
 *   or that has another type or shape; `engine/runtime-output` for an unknown output; `engine/session-released`.
 */
export function createSessionChecks(graph: Graph): SessionChecks {
  const inputs = new Map(graph.inputs.map((input) => [input.name, input]));
  const outputs = new Map(graph.outputs.map((output) => [output.name, output]));
  let released = false;
  const assertUsable = () => {
    if (released) throw new BaseError('engine/session-released', 'The session was released.');
  };
  return {
    bind(feeds) {
      assertUsable();
      assertFeeds(inputs, feeds);
    },
    run(feeds, { fetch, carry = {}, store }, isBound) {
      assertUsable();
      assertFeeds(inputs, feeds);
      const missing = graph.inputs.find(({ name }) => !Object.hasOwn(feeds, name) && !isBound(name));
      if (missing) throw inputFault(`the input ${missing.name} was neither given nor bound`);
      const carried = Object.entries(carry);
      const kept = Object.keys(store?.keep ?? {});
      for (const name of [...(fetch ?? []), ...Object.keys(carry), ...kept]) {
        if (!outputs.has(name)) throw new BaseError('engine/runtime-output', `The graph has no output ${name}.`);
      }
      for (const [output, input] of carried) assertCarries(outputs.get(output) as ValueInfo, inputs.get(input), input);
      const stays = (name: string) => Object.hasOwn(carry, name) || kept.includes(name);
      return { fetch: fetch ?? [...outputs.keys()].filter((name) => !stays(name)), carry: carried };
    },
    release() {
      assertUsable();
      released = true;
    },
  };
}

function assertFeeds(inputs: ReadonlyMap<string, ValueInfo>, feeds: Tensors): void {
  const extents = new Map<string, number>();
  for (const [name, tensor] of Object.entries(feeds)) {
    const input = inputs.get(name);
    if (!input) throw inputFault(`the graph has no input ${name}`);
    if (!fits(input, tensor, extents)) {
      const found = `${tensor.type} [${tensor.dims}] of ${tensor.data.length} elements`;
      throw inputFault(`${name} is ${found}, but the graph takes ${input.type} [${input.dims}]`);
    }
  }
}

/** Extents that the graph only names must be alike wherever they are named. */
function fits({ dims, type }: ValueInfo, tensor: Tensor, extents: Map<string, number>): boolean {
  if (tensor.type !== type || tensor.dims.length !== dims.length) return false;
  if (tensor.data.length !== elementCount(tensor.dims)) return false;
  return dims.every((dim, axis) => {
    const extent = tensor.dims[axis] as number;
    if (typeof dim === 'number') return dim === extent;
    const known = extents.get(dim) ?? extent;
    extents.set(dim, known);
    return known === extent;
  });
}

/** As far as the graph says before it runs: extents that it only names may fit. */
function assertCarries(output: ValueInfo, input: ValueInfo | undefined, name: string): void {
  if (!input) throw inputFault(`the graph has no input ${name}`);
  const fit =
    output.type === input.type &&
    output.dims.length === input.dims.length &&
    output.dims.every(
      (dim, axis) => [dim, input.dims[axis]].some((x) => typeof x === 'string') || dim === input.dims[axis],
    );
  if (fit) return;
  throw inputFault(
    `${output.name} is ${output.type} [${output.dims}], but ${name} takes ${input.type} [${input.dims}]`,
  );
}

function inputFault(problem: string): BaseError {
  return new BaseError('engine/runtime-input', `A run cannot start: ${problem}.`);
}
