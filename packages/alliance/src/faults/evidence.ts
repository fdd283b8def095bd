import { z } from 'zod';
import { messageSchema } from '../message.ts';

/**
 * What proves a peer's fault to anybody: messages that the culprit signed itself. A missing or late message proves
 * nothing, since a hub may have held it back, so it is no fault.
 */
export const evidenceSchema = z.discriminatedUnion('kind', [
  /** Two different messages of one sender for one (alliance, round, attempt, kind). The contract accepts it. */
  z.strictObject({ kind: z.literal('equivocation'), messages: z.tuple([messageSchema, messageSchema]) }),
  /** A `round/unmask/1` that opens a share which its dealer's `round/shares/1` doesn't commit to. */
  z.strictObject({
    kind: z.literal('wrong-opening'),
    opening: messageSchema,
    shares: messageSchema,
    secret: z.enum(['selfSeed', 'maskSecret']),
  }),
  /** `round/replay/1` messages that contradict the sum on the chain. The contract accepts it. */
  z.strictObject({ kind: z.literal('refuted-sum'), replays: z.array(messageSchema).min(1) }),
]);

export type Evidence = z.infer<typeof evidenceSchema>;
export type EvidenceOf<Kind extends Evidence['kind']> = Extract<Evidence, { kind: Kind }>;
