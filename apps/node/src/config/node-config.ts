import { addressSchema } from '@skein/alliance';
import { z } from 'zod';
import { assertSafeUrl } from './safe-url.ts';

/** Names of data folders and trainers: they stand in policies, logs and file names. */
export const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, 'expected up to 40 of a–z, 0–9 and "-"');

export const ROLES = ['train', 'evaluate', 'aggregate'] as const;
export type Role = (typeof ROLES)[number];

const common = {
  timeoutSeconds: z
    .number()
    .positive()
    .default(24 * 3600),
};

/** How a custom method's parameters are trained: any HTTP container with FLock's `/call`, or a command. */
export const trainerConfigSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('http'), url: z.url({ protocol: /^https?$/ }), ...common }),
  z.strictObject({
    kind: z.literal('command'),
    /** Program and arguments; started without a shell. */
    command: z.array(z.string().min(1)).min(1),
    /** Where it starts; relative to the node's directory. */
    folder: z.string().default('.'),
    ...common,
  }),
]);

/** node.json: everything that a node's owner decides, besides its policy. */
export const nodeConfigSchema = z.strictObject({
  version: z.literal('node/1'),
  /** The hub's address. */
  hub: z.url({ protocol: /^https?$/ }),
  /** The chain's JSON-RPC address; null uses the hub's relay of it, which then is trusted for the chain's state. */
  rpc: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null),
  /** What this node believes the chain and the log to be; a hub or RPC that says otherwise is refused. */
  pins: z
    .strictObject({ chainId: z.int().positive(), alliance: addressSchema, logKey: z.string() })
    .nullable()
    .default(null),
  roles: z.array(z.enum(ROLES)).min(1).default(['train', 'evaluate', 'aggregate']),
  /** Folders (or files) of training data, by name. */
  data: z.record(nameSchema, z.string().min(1)).default({}),
  /** Custom trainers by name; the built-in one is called "engine". */
  trainers: z.record(nameSchema, trainerConfigSchema).default({}),
  /** Also plain http to other machines; without it only https, and http to this machine. */
  allowPlainHttp: z.boolean().default(false),
  /** Of the engine's sessions; null takes what the machine has. */
  threads: z.int().positive().nullable().default(null),
  /** For how long files of closed rounds are kept. */
  keepRoundsSeconds: z
    .int()
    .min(0)
    .default(24 * 3600),
  /** Longest pause between two looks at the hub, where it sends no event. */
  pollSeconds: z.number().positive().max(60).default(5),
});

export type NodeConfig = z.infer<typeof nodeConfigSchema>;
export type TrainerConfig = z.infer<typeof trainerConfigSchema>;

/** @throws BaseError `node/plain-http` for an address that the configuration doesn't allow. */
export function assertSafeConfig(config: NodeConfig): void {
  assertSafeUrl(config.hub, config.allowPlainHttp);
  if (config.rpc !== null) assertSafeUrl(config.rpc, config.allowPlainHttp);
  for (const trainer of Object.values(config.trainers)) {
    if (trainer.kind === 'http') assertSafeUrl(trainer.url, config.allowPlainHttp);
  }
}
