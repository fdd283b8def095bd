import { z } from 'zod';

/** One turn of a conversation. Fields beyond these two (`tool_calls`, `reasoning_content`, …) reach the template as they are. */
export const chatMessage = z.looseObject({ role: z.string().min(1), content: z.string() });
export type ChatMessage = z.infer<typeof chatMessage>;

/** What a chat template renders. */
export interface Chat {
  readonly messages: readonly ChatMessage[];
  /** Descriptions of tools in JSON Schema, for templates that show them. */
  readonly tools?: readonly unknown[] | null;
}
