import { createHash, type Hash } from 'node:crypto';
import { BaseError, type Digest, digestFromHash } from '@skein/core';
import type { ElementType, Initializer } from '../graph/graph.ts';
import { openFileSource } from './file-source.ts';
import type { ModelFolder } from './model-folder.ts';
import { yieldToEventLoop } from './yield-to-event-loop.ts';

/** Bytes looked at between two turns of the event loop: about 12 ms of work. */
const PIECE = 8 * 1024 * 1024;

/**
 * Looks through every weight for NaN and infinities. Reads the files once, in pieces, so it can go on beside training.
 * @returns a digest of all weights' bytes, in the order of `weightShapes`.
 * @throws BaseError `engine/weight-not-finite` naming file and tensor.
 */
export async function scanWeights(folder: ModelFolder, signal?: AbortSignal): Promise<Digest> {
  const hash = createHash('sha256');
  for (const weight of folder.weights.values()) await scanWeight(weight, hash, signal);
  return digestFromHash(hash.digest());
}

async function scanWeight({ name, type, source }: Initializer, hash: Hash, signal?: AbortSignal): Promise<void> {
  if (ArrayBuffer.isView(source)) return;
  const file = await openFileSource(source.file);
  try {
    for (let at = 0; at < source.length; at += PIECE) {
      signal?.throwIfAborted();
      const bytes = await file.read(source.offset + at, Math.min(PIECE, source.length - at));
      if (hasNonFinite(bytes, type)) {
        throw new BaseError('engine/weight-not-finite', `${source.file}: the tensor ${name} holds NaN or infinity.`, {
          info: { file: source.file, tensor: name },
          hints: ['The file is damaged or the model diverged when it was trained; download it again.'],
        });
      }
      hash.update(bytes);
      await yieldToEventLoop();
    }
  } finally {
    await file.close();
  }
}

/** A float is NaN or infinite where all bits of its exponent are set. */
function hasNonFinite(bytes: Uint8Array, type: ElementType): boolean {
  if (type === 'float32') {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
    for (let i = 0; i < words.length; i++) if (((words[i] as number) & 0x7f800000) === 0x7f800000) return true;
    return false;
  }
  const exponent = type === 'bfloat16' ? 0x7f80 : 0x7c00;
  const words = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
  for (let i = 0; i < words.length; i++) if (((words[i] as number) & exponent) === exponent) return true;
  return false;
}
