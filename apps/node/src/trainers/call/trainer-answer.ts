import { BaseError } from '@skein/core';
import { z } from 'zod';
import { toMicroNats } from '../trainer.ts';

/** Of `aggregate`. */
export const parametersAnswer = z.looseObject({ parameters: z.base64() });
export const trainAnswer = parametersAnswer.extend({
  /** Mean training loss in nats, for the report. */
  loss: z.number().optional(),
  examples: z.int().positive().optional(),
});
/** FLock's containers tell an accuracy; 1 − accuracy then stands for the loss. */
const evaluateAnswer = z.union([
  z.looseObject({ loss: z.number() }),
  z.looseObject({ accuracy: z.number().min(0).max(1) }),
]);

/** @throws BaseError `node/bad-trainer-answer` */
export function parseAnswer<Schema extends z.ZodType>(name: string, schema: Schema, answer: unknown): z.infer<Schema> {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw badAnswer(name, `${issue?.path.join('.') || 'the answer'}: ${issue?.message}`);
}

/** The loss in an answer to `evaluate`, millionths of a nat. @throws BaseError `node/bad-trainer-answer` */
export function parseLoss(name: string, answer: unknown): number {
  const parsed = parseAnswer(name, evaluateAnswer, answer);
  return toMicroNats('loss' in parsed ? (parsed.loss as number) : 1 - parsed.accuracy);
}

export function badAnswer(name: string, fault: string): BaseError {
  return new BaseError('node/bad-trainer-answer', `The trainer "${name}" answered wrongly: ${fault}.`, {
    info: { trainer: name },
    hints: ['See docs/custom-trainers.md for what a trainer answers.'],
  });
}
