import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** As bench/peers/flower_secaggplus.py prints it; seconds. */
export interface FlowerCosts {
  readonly version: string;
  readonly client: { readonly wall: number; readonly cpu: number };
  /** Counted up from `serverMasksTimed` of `serverMasks` masks. */
  readonly server: { readonly wall: number; readonly cpu: number };
  readonly serverMasksTimed: number;
  readonly serverMasks: number;
  readonly uploadBytes: number;
  readonly steps: Readonly<Record<string, number>>;
}

/** Times Flower's own SecAgg+ functions for the same cohort, in the Python given. @throws where flwr is missing there. */
export async function runFlower(
  python: string,
  { n, d, dropouts }: { n: number; d: number; dropouts: number },
): Promise<FlowerCosts> {
  const script = join(import.meta.dirname, 'peers/flower_secaggplus.py');
  const words = [script, '--n', String(n), '--d', String(d), '--dropouts', String(dropouts)];
  const { stdout } = await promisify(execFile)(python, words, { maxBuffer: 1 << 20 });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as FlowerCosts;
}
