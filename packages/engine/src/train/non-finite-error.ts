import { BaseError } from '@skein/core';

/**
 * The run met a NaN or an infinity. It is thrown before anything of that step is saved, so the last checkpoint holds
 * the last good state. Code `train/non-finite`.
 * @param what begins the sentence: "The loss", "The gradient of lora_A".
 */
export function nonFiniteError(what: string, info: { readonly step: number; readonly parameter?: string }): BaseError {
  return new BaseError(
    'train/non-finite',
    `${what} is not a finite number at step ${info.step}; the run was stopped.`,
    {
      info,
      hints: [
        'Lower the learning rate or lengthen the warm-up, then start again from the last checkpoint or from the beginning.',
        'If it happens at the first step, check the model’s weights and the data.',
      ],
    },
  );
}
