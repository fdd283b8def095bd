import { errorSchema } from '@skein/client';
import { digestSchema } from '@skein/core';
import { z } from 'zod';

const errorContent = { content: { 'application/json': { schema: errorSchema } } };

/** The replies of a route: what it gives, and the errors that every route may give. */
export function replies<Schema extends z.ZodType>(description: string, schema: Schema) {
  return {
    200: { description, content: { 'application/json': { schema } } },
    default: { description: 'Code, sentence and hints of what went wrong', ...errorContent },
  } as const;
}

/** A parameter that is a whole number. */
export const countParameter = z
  .string()
  .regex(/^(0|[1-9][0-9]{0,14})$/, 'expected a whole number')
  .transform(Number);

export const allianceParameter = z.object({ id: z.string().regex(/^(0|[1-9][0-9]{0,18})$/, 'expected a number') });
export const rootParameter = z.object({ root: digestSchema });

/** A body that is checked by hand, since its faults have names of their own; documented by this schema. */
export function documentedBody(name: string) {
  return {
    required: true,
    content: { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } },
  } as const;
}

export const bytesContent = { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } as const;
