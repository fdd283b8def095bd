import { BaseError } from '../errors.ts';

/** The ways in which a file can fail to be safetensors; each is a code `core/safetensors-…`. */
export type SafetensorsFault =
  | 'truncated'
  | 'lfs-pointer'
  | 'header-too-large'
  | 'not-json'
  | 'not-an-object'
  | 'duplicate-key'
  | 'bad-metadata'
  | 'bad-tensor'
  | 'unknown-dtype'
  | 'bad-dims'
  | 'bad-offsets'
  | 'overflow'
  | 'split-byte'
  | 'wrong-length'
  | 'overlap'
  | 'hole'
  | 'missing-tensor';

const HINTS: Partial<Record<SafetensorsFault, string>> = {
  truncated: 'Download or copy the file again and compare its size with the original.',
  'lfs-pointer': 'Run "git lfs pull" in the folder of the model.',
  'missing-tensor': 'Check that the file belongs to this model.',
  'unknown-dtype': 'Convert the tensor to a type of the safetensors format.',
};

const MALFORMED_HINT = 'Write the file again with the safetensors library; if it came from elsewhere, do not trust it.';

/** An error of a safetensors file. `sentence` follows the file's name: "model.safetensors has a hole …". */
export function safetensorsError(fault: SafetensorsFault, file: string, sentence: string): BaseError {
  return new BaseError(`core/safetensors-${fault}`, `${file} ${sentence}.`, {
    info: { file },
    hints: [HINTS[fault] ?? MALFORMED_HINT],
  });
}

/** A name or value of a header for a message: quoted and kept short, since it may be hostile. */
export function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
