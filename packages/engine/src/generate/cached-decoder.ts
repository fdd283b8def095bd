import { invariant } from '@skein/core';
import type { StackedMatrix } from '../graph/stacked-matrix.ts';
import type { Initializer } from '../graph/graph.ts';
import { stackAdapter } from '../lora/stack-adapter.ts';
import { stackInputNames } from '../models/decoder-graph.ts';
import type { ModelConfig } from '../models/model-config.ts';
import { inverseFrequencies, rotaryHalves } from '../models/rotary-table.ts';
import { type Stack, stacksOf } from '../models/stacks.ts';
import type { KeyValueCache, Runtime, Session } from '../runtime/runtime.ts';
import { int32, type Tensors } from '../tensor.ts';
import type { MicroBatch } from '../train/differentiable-model.ts';
import type { Decoder, DecoderAdapter, NextToken } from './decoder.ts';
import { openDecoderSession } from './decoder-session.ts';

/** New tokens of one run: attention takes memory by their number times all before them. */
const CHUNK = 512;
/** Of the same where each has logits. */
const SCORED_CHUNK = 128;
/** From so many tokens, weights for many rows are worth a run of their own before that of a prompt's last token. */
const MANY = 32;
/** The cache grows by so many positions. */
const CAPACITY_STEP = 256;

/** Whether the runtime's attention takes heads of this width. */
export function canCache({ headSize }: ModelConfig): boolean {
  return headSize % 16 === 0;
}

interface Opened {
  readonly session: Session;
  /** Reads what needs no logits, where there are weights for many rows. */
  readonly filling: Session | undefined;
  readonly cache: KeyValueCache;
}

export interface CachedDecoderOptions {
  readonly config: ModelConfig;
  readonly weights: ReadonlyMap<string, Initializer>;
  readonly stacks: ReadonlyMap<string, StackedMatrix> | undefined;
  readonly adapter: DecoderAdapter;
  readonly threads: number | undefined;
}

/**
 * A decoder on a cache in place. What its rows hold is remembered: of a prompt only what none of them begins with is
 * read, so that a conversation goes on where it was, and prompts share the reading of what they have in common.
 */
export class CachedDecoder implements Decoder {
  readonly #runtime: Runtime;
  readonly #options: CachedDecoderOptions;
  readonly #stacks: ReadonlyMap<string, Stack>;
  readonly #frequencies: Float32Array;
  #adapter: DecoderAdapter;
  /** Stacks whose low-rank pair the session has as inputs. */
  #adapted: ReadonlySet<string> = new Set();
  #opened: Opened | undefined;
  #boundAdapter = false;
  #rows = 0;
  #capacity = 0;
  /** Tokens whose keys and values a slot of the cache holds. */
  #held: number[][] = [];
  /** Slot of each row that was started. */
  #slots: number[] = [];

  constructor(runtime: Runtime, options: CachedDecoderOptions) {
    this.#runtime = runtime;
    this.#options = options;
    this.#stacks = stacksOf(options.config);
    this.#frequencies = inverseFrequencies(options.config);
    this.#adapter = options.adapter;
  }

  /** A new session is made only where more stacks are adapted than before. */
  useAdapter(adapter: DecoderAdapter | null): void {
    this.#adapter = adapter ?? { modules: [], parameters: [] };
    this.parametersChanged();
  }

  parametersChanged(): void {
    this.#boundAdapter = false;
    this.#held = [];
  }

  async start(prompts: readonly (readonly number[])[], signal?: AbortSignal): Promise<readonly Float32Array[]> {
    const longest = prompts.reduce((most, { length }) => Math.max(most, length), 0);
    await this.#reserve(prompts.length, longest);
    this.#slots = [...prompts.keys()];
    const logits: Float32Array[] = [];
    for (const [slot, prompt] of prompts.entries()) {
      signal?.throwIfAborted();
      await this.#reuse(slot, prompt);
      await this.#fill(slot, prompt.slice(this.#length(slot), -1), signal);
      let last: Float32Array | undefined;
      for (let at = this.#length(slot); at < prompt.length; at += CHUNK) {
        signal?.throwIfAborted();
        const chunk = prompt.slice(at, at + CHUNK);
        last = await this.#read(slot, chunk, [chunk.length - 1]);
      }
      invariant(last, 'a prompt has tokens');
      logits.push(last);
    }
    return logits;
  }

  async next(tokens: readonly NextToken[]): Promise<readonly Float32Array[]> {
    await this.#closeUp(tokens.map(({ row }) => row));
    const slots = tokens.map(({ row }) => this.#slots[row] as number);
    const longest = slots.reduce((most, slot) => Math.max(most, this.#length(slot)), 0) + 1;
    await this.#reserve(this.#rows, longest);
    const count = tokens.length;
    const ids = new Int32Array(count);
    for (const [i, slot] of slots.entries()) ids[slot] = tokens[i]?.token ?? 0;
    const ends = Int32Array.from({ length: count }, (_, slot) => this.#length(slot));
    const logits = await this.#run(
      {
        ids: int32([count, 1], ids),
        ends: int32([count], ends),
        total: int32([], Int32Array.of(longest)),
        picked: int32([count], Int32Array.from(ids.keys())),
      },
      [0, count],
    );
    for (const [slot, id] of ids.entries()) this.#held[slot]?.push(id);
    const width = this.#options.config.vocabularySize;
    return slots.map((slot) => logits.subarray(slot * width, (slot + 1) * width));
  }

  /** Σ −ln p of the targets of a batch whose rows hold one example each, in nats. */
  async lossSum({ batch, length, inputIds, segments, targets }: MicroBatch): Promise<number> {
    await this.#reserve(1, length);
    let sum = 0;
    for (let row = 0; row < batch; row++) {
      const [start, end] = [row * length, (row + 1) * length];
      const used = segments.subarray(start, end).findLastIndex((segment) => segment !== 0) + 1;
      invariant(
        segments.subarray(start, start + used).every((segment) => segment === 1),
        'a row of one example',
      );
      this.#held[0] = [];
      for (let at = start; at < start + used; at += SCORED_CHUNK) {
        const stop = Math.min(start + used, at + SCORED_CHUNK);
        const wanted = targets.subarray(at, stop);
        const counted = [...wanted.keys()].filter((i) => (wanted[i] as number) >= 0);
        const logits = await this.#read(0, [...inputIds.subarray(at, stop)], counted.length > 0 ? counted : [0]);
        sum += negativeLogLikelihood(
          logits,
          counted.map((i) => wanted[i] as number),
          this.#options.config.vocabularySize,
        );
      }
    }
    return sum;
  }

  async release(): Promise<void> {
    const { session, filling, cache } = this.#opened ?? {};
    this.#opened = undefined;
    this.#held = [];
    [this.#rows, this.#capacity] = [0, 0];
    await session?.release();
    await filling?.release();
    await cache?.release();
  }

  #length(slot: number): number {
    return this.#held[slot]?.length ?? 0;
  }

  /** Lets a slot hold what some slot already has of the prompt, but for its last token, whose logits are wanted. */
  async #reuse(slot: number, prompt: readonly number[]): Promise<void> {
    let [from, length] = [slot, 0];
    for (const [other, held] of this.#held.entries()) {
      const common = Math.min(commonLength(held, prompt), prompt.length - 1);
      if (common > length || (common === length && other === slot)) [from, length] = [other, common];
    }
    if (length > 0 && from !== slot) await this.#opened?.cache.copyRow({ from, to: slot, length });
    this.#held[slot] = prompt.slice(0, length);
  }

  /** Moves the rows that go on to the front of the cache, over those that have ended. */
  async #closeUp(rows: readonly number[]): Promise<void> {
    const taken = new Set(rows.map((row) => this.#slots[row]));
    const free = [...rows.keys()].filter((slot) => !taken.has(slot));
    for (const row of rows) {
      const from = this.#slots[row] as number;
      if (from < rows.length) continue;
      const to = free.pop() as number;
      await this.#opened?.cache.copyRow({ from, to, length: this.#length(from) });
      this.#held[to] = [...(this.#held[from] as number[])];
      this.#slots[row] = to;
    }
  }

  /** Reads tokens of one slot whose logits nobody wants, if they are many and there are weights for that. */
  async #fill(slot: number, tokens: readonly number[], signal: AbortSignal | undefined): Promise<void> {
    const { filling, cache } = await this.#open();
    if (!filling || tokens.length < MANY) return;
    for (let at = 0; at < tokens.length; at += CHUNK) {
      signal?.throwIfAborted();
      const chunk = tokens.slice(at, at + CHUNK);
      await filling.run(this.#feeds(slot, chunk), { fetch: [], cache: { id: cache.id, start: slot, end: slot + 1 } });
      this.#hold(slot, chunk);
    }
  }

  /** Reads tokens of one slot. @returns the logits of the picked ones [picked, V] */
  async #read(slot: number, tokens: readonly number[], picked: readonly number[]): Promise<Float32Array> {
    const feeds = { ...this.#feeds(slot, tokens), picked: int32([picked.length], Int32Array.from(picked)) };
    const logits = await this.#run(feeds, [slot, slot + 1]);
    this.#hold(slot, tokens);
    return logits;
  }

  #feeds(slot: number, tokens: readonly number[]): Tensors {
    const total = this.#length(slot) + tokens.length;
    return {
      ids: int32([1, tokens.length], Int32Array.from(tokens)),
      ends: int32([1], Int32Array.of(total - 1)),
      total: int32([], Int32Array.of(total)),
    };
  }

  #hold(slot: number, tokens: readonly number[]): void {
    this.#held[slot] = [...(this.#held[slot] ?? []), ...tokens];
  }

  async #run(feeds: Tensors, [start, end]: readonly [number, number]): Promise<Float32Array> {
    const { session, cache } = await this.#open();
    const { logits } = await session.run(feeds, { fetch: ['logits'], cache: { id: cache.id, start, end } });
    invariant(logits?.data instanceof Float32Array, 'the runtime gave no logits');
    return logits.data;
  }

  async #reserve(rows: number, positions: number): Promise<void> {
    const { session, filling, cache } = await this.#open();
    if (rows <= this.#rows && positions <= this.#capacity) return;
    const grown = Math.max(this.#capacity, Math.ceil(positions / CAPACITY_STEP) * CAPACITY_STEP);
    this.#rows = Math.max(this.#rows, rows);
    await cache.resize(this.#rows, grown);
    if (grown > this.#capacity) {
      const angles = rotaryHalves(this.#frequencies, grown);
      await session.bind(angles);
      await filling?.bind(angles);
    }
    this.#capacity = grown;
  }

  async #open(): Promise<Opened> {
    const modules = new Map(this.#adapter.modules.map((module) => [module.path, module]));
    const needed = [...this.#stacks.values()].filter((stack) => stack.modules.some((path) => modules.has(path)));
    if (this.#opened && needed.some(({ path }) => !this.#adapted.has(path))) await this.release();
    if (!this.#opened) {
      const { config, weights, stacks, threads } = this.#options;
      this.#adapted = new Set(needed.map(({ path }) => path));
      const spec = { config, weights, stacks, adapted: this.#adapted };
      const own = threads !== undefined && { threads };
      const session = await openDecoderSession(this.#runtime, spec, { ...own, prepack: stacks !== undefined });
      const hasMany = [...(stacks?.values() ?? [])].some((stack) => 'productOfMany' in stack);
      const filling = hasMany
        ? await openDecoderSession(this.#runtime, { ...spec, onlyFills: true }, { ...own })
        : undefined;
      const shape = { layers: config.layers, heads: config.kvHeads, headSize: config.headSize };
      const cache = await this.#runtime.createCache?.(shape);
      invariant(cache, 'a cached decoder needs a runtime with caches');
      this.#opened = { session, filling, cache };
    }
    const opened = this.#opened;
    if (!this.#boundAdapter) {
      const feeds = this.#adapterFeeds();
      await opened.session.bind(feeds);
      await opened.filling?.bind(feeds);
    }
    this.#boundAdapter = true;
    return opened;
  }

  #adapterFeeds(): Tensors {
    const modules = new Map(this.#adapter.modules.map((module) => [module.path, module]));
    const arrays = new Map(this.#adapter.parameters.map(({ name, data }) => [name, data]));
    const arrayOf = (name: string) => {
      const data = arrays.get(name);
      invariant(data, `the adapter lacks ${name}`);
      return data;
    };
    const feeds = [...this.#adapted].flatMap((path) => {
      const { a, b } = stackAdapter(this.#stacks.get(path) as Stack, modules, arrayOf);
      const names = stackInputNames(path);
      return [[names.a, a] as const, [names.b, b] as const];
    });
    return Object.fromEntries(feeds);
  }
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  for (let i = 0; i < most; i++) if (a[i] !== b[i]) return i;
  return most;
}

/** Σ ln Σ exp(logits) − logit of the target. */
function negativeLogLikelihood(logits: Float32Array, targets: readonly number[], width: number): number {
  let sum = 0;
  for (const [row, target] of targets.entries()) {
    const own = logits.subarray(row * width, (row + 1) * width);
    let peak = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < width; i++) peak = Math.max(peak, own[i] as number);
    let total = 0;
    for (let i = 0; i < width; i++) total += Math.exp((own[i] as number) - peak);
    sum += Math.log(total) + peak - (own[target] as number);
  }
  return sum;
}
