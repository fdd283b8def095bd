import { randomFillSync } from 'node:crypto';
import { closeSync, existsSync, openSync, renameSync, writeSync } from 'node:fs';
import type { ModelShape } from '@skein/engine/node';

/** Numbers of ggml's types, and the bytes of a block of 32 (github.com/ggml-org/ggml, docs/gguf.md). */
const TYPES = {
  F32: { number: 0, blockBytes: 128 },
  Q4_0: { number: 2, blockBytes: 18 },
  Q8_0: { number: 8, blockBytes: 34 },
} as const;

export type GgufWeights = 'Q8_0' | 'Q4_0';

interface GgufTensor {
  readonly name: string;
  readonly type: keyof typeof TYPES;
  /** The width of a row first. */
  readonly dims: readonly number[];
}

const ALIGNMENT = 32;
/** A half-precision scale with which weights are about as large as a trained model's. */
const SCALE = { Q8_0: 0x0f00, Q4_0: 0x1f00 } as const;

/**
 * Writes a GGUF file of Qwen2.5's architecture with random weights, on first use. As where llama.cpp quantises a model
 * whose width is no multiple of 256, the embedding, which is the head too, has 8 bits in both kinds.
 */
export function writeRandomGguf(path: string, shape: ModelShape, weights: GgufWeights): void {
  if (existsSync(path)) return;
  const tensors = tensorsOf(shape, weights);
  const file = openSync(`${path}.partial`, 'w');
  const head = Buffer.concat([header(shape, tensors), Buffer.alloc(0)]);
  writeSync(file, head);
  writeSync(file, Buffer.alloc(padding(head.length)));
  for (const tensor of tensors) writeSync(file, contents(tensor));
  closeSync(file);
  renameSync(`${path}.partial`, path);
}

function tensorsOf(shape: ModelShape, weights: GgufWeights): GgufTensor[] {
  const { layers, hidden: H, intermediate: F, heads, kvHeads, vocabulary } = shape;
  const kvWidth = (H / heads) * kvHeads;
  const floats = (name: string, width: number): GgufTensor => ({ name, type: 'F32', dims: [width] });
  const matrix = (name: string, into: number, out: number): GgufTensor => ({ name, type: weights, dims: [into, out] });
  const blocks = Array.from({ length: layers }, (_, layer) => {
    const at = (name: string) => `blk.${layer}.${name}`;
    return [
      floats(at('attn_norm.weight'), H),
      matrix(at('attn_q.weight'), H, H),
      floats(at('attn_q.bias'), H),
      matrix(at('attn_k.weight'), H, kvWidth),
      floats(at('attn_k.bias'), kvWidth),
      matrix(at('attn_v.weight'), H, kvWidth),
      floats(at('attn_v.bias'), kvWidth),
      matrix(at('attn_output.weight'), H, H),
      floats(at('ffn_norm.weight'), H),
      matrix(at('ffn_gate.weight'), H, F),
      matrix(at('ffn_up.weight'), H, F),
      matrix(at('ffn_down.weight'), F, H),
    ];
  });
  const embedding: GgufTensor = { name: 'token_embd.weight', type: 'Q8_0', dims: [H, vocabulary] };
  return [embedding, ...blocks.flat(), floats('output_norm.weight', H)];
}

function header(
  { layers, hidden, intermediate, heads, kvHeads, vocabulary }: ModelShape,
  tensors: GgufTensor[],
): Buffer {
  const tokens = Array.from({ length: vocabulary }, (_, id) =>
    id < 256 ? String.fromCodePoint(256 + id) : `token${id}`,
  );
  const fields = [
    field('general.architecture', text('qwen2')),
    field('general.name', text('random')),
    field('qwen2.block_count', uint32(layers)),
    field('qwen2.context_length', uint32(32_768)),
    field('qwen2.embedding_length', uint32(hidden)),
    field('qwen2.feed_forward_length', uint32(intermediate)),
    field('qwen2.attention.head_count', uint32(heads)),
    field('qwen2.attention.head_count_kv', uint32(kvHeads)),
    field('qwen2.rope.freq_base', float32(1_000_000)),
    field('qwen2.attention.layer_norm_rms_epsilon', float32(1e-6)),
    field('tokenizer.ggml.model', text('gpt2')),
    field('tokenizer.ggml.pre', text('qwen2')),
    field('tokenizer.ggml.tokens', list(8, tokens.map(rawText))),
    field(
      'tokenizer.ggml.token_type',
      list(
        5,
        tokens.map(() => integer(1)),
      ),
    ),
    field('tokenizer.ggml.merges', list(8, [rawText(`${tokens[0]} ${tokens[1]}`)])),
    field('tokenizer.ggml.eos_token_id', uint32(vocabulary - 1)),
  ];
  let offset = 0;
  const infos = tensors.map(({ name, type, dims }) => {
    const place = offset;
    offset += sizeOf({ name, type, dims });
    return Buffer.concat([
      rawText(name),
      integer(dims.length),
      ...dims.map((dim) => long(dim)),
      integer(TYPES[type].number),
      long(place),
    ]);
  });
  const start = [Buffer.from('GGUF'), integer(3), long(tensors.length), long(fields.length)];
  return Buffer.concat([...start, ...fields, ...infos]);
}

function sizeOf({ type, dims }: GgufTensor): number {
  const bytes = (dims.reduce((product, dim) => product * dim, 1) / 32) * TYPES[type].blockBytes;
  return bytes + padding(bytes);
}

function contents(tensor: GgufTensor): Buffer {
  const { type, name } = tensor;
  const bytes = Buffer.alloc(sizeOf(tensor));
  if (type === 'F32') {
    const value = name.endsWith('norm.weight') ? 1 : 0.01;
    for (let at = 0; at < bytes.length; at += 4) bytes.writeFloatLE(value, at);
    return bytes;
  }
  randomFillSync(bytes.subarray(0, Math.min(bytes.length, 2 ** 20)));
  for (let done = 2 ** 20; done < bytes.length; done *= 2) bytes.copy(bytes, done, 0, done);
  for (let at = 0; at + 2 <= bytes.length; at += TYPES[type].blockBytes) bytes.writeUInt16LE(SCALE[type], at);
  return bytes;
}

function padding(length: number): number {
  return (ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT;
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function long(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function rawText(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([long(bytes.length), bytes]);
}

// A value is preceded by the number of its type.
const text = (value: string) => Buffer.concat([integer(8), rawText(value)]);
const uint32 = (value: number) => Buffer.concat([integer(4), integer(value)]);
const list = (type: number, items: readonly Buffer[]) =>
  Buffer.concat([integer(9), integer(type), long(items.length), ...items]);

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([integer(6), bytes]);
}

function field(key: string, value: Buffer): Buffer {
  return Buffer.concat([rawText(key), value]);
}
